import type { Key, Row } from '../../schema/collection.ts';

/** A record as the leader has it. */
export interface Mirrored {
  readonly collection: string;
  readonly key: Key;
  /** Null: the leader has no record of the key. */
  readonly row: Row | null;
  /** Larger for what was read of the leader later. */
  readonly version: bigint;
}

/** The records of one collection that belong to a unit: those whose fields `by` have the values of its key. */
export interface UnitPart {
  readonly collection: string;
  /** The first fields of the key, a unique set or an index of the collection. */
  readonly by: readonly string[];
  /** Every record that is to belong to the unit; all of them have its values in `by`. */
  readonly rows: readonly Row[];
}

/** Records that the leader changes together, of which the follower is to hold exactly these. */
export interface MirroredUnit {
  /** What units of this make are called. A record belongs to units of one make, and is then never given alone. */
  readonly unit: string;
  /** Which one it is: what all its records have in `by`. */
  readonly key: Key;
  /** The same collections for every unit of the make, in the same order; one without records of the unit has no rows. */
  readonly parts: readonly UnitPart[];
  /** Larger for what was read of the leader later. */
  readonly version: bigint;
}

/** What has one guard: a unit, or a record, which is a unit of one that its key names. */
export type Guarded = Mirrored | MirroredUnit;

/**
 * Writes what another store leads. It passes the fence and is not captured, else what is mirrored would come back as a
 * change. The guard lies outside the record, so that it outlives a removal: epoch and version of the last change of each
 * key, kept in the transaction of the change or, where there are none, durably behind it. A unit has one guard for all of its
 * records, and so for those that are not to be there any more.
 */
export interface Mirror {
  /** Begins an epoch; appliers and loads of earlier ones are refused from here on. Idempotent. @throws CrossfadeError E_FENCED for an epoch that is over */
  begin(epoch: bigint): Promise<void>;
  /**
   * Makes each record as it was given last. One whose epoch and version are not beyond those noted for it is passed
   * over, so that repeating is safe; the epoch counts first. A record that is replaced keeps what refers to it. What
   * refers to a removed one at the end of the call goes with it or refuses the call, as by a remove; a record that was
   * given never goes, and refuses the call. Unique sets and references are judged by the state at the end, and a call that
   * is refused has changed nothing; where `supports.atomic` is false, one that failed otherwise may be half done, and what
   * is half done is not noted.
   *
   * Of a unit that is not passed over exactly the given records are there behind the call: others that belong to it are
   * removed. A record that would be taken away from a unit that was not given, or is passed over, refuses the call by
   * E_UNIQUE, since nobody would bring it back there; so do two units of a call that both have it.
   *
   * @returns how many were not passed over
   * @throws TypeError for a record of a unit that has other values in `by`
   * @throws CrossfadeError E_FENCED when `epoch` is not the one that began last: nothing was written;
   * E_UNIQUE, E_REFERENCE as a write does
   */
  apply(epoch: bigint, given: readonly Guarded[]): Promise<number>;
  /** Forgets what was noted of records and units, when the records are copied anew; the epoch stays. */
  reset(): Promise<void>;
}
