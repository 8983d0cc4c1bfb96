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

/**
 * Writes what another store leads. It passes the fence and is not captured, else what is mirrored would come back as a
 * change. The guard lies outside the record, so that it outlives a removal: epoch and version of the last change of each
 * key, kept in the transaction of the change or, where there are none, durably behind it.
 */
export interface Mirror {
  /** Begins an epoch; appliers and loads of earlier ones are refused from here on. Idempotent. @throws CrossfadeError E_FENCED for an epoch that is over */
  begin(epoch: bigint): Promise<void>;
  /**
   * Makes each record as it was given last. One whose epoch and version are not beyond those noted for its key is passed
   * over, so that repeating is safe; the epoch counts first. A record that is replaced keeps what refers to it. What
   * refers to a removed one at the end of the call goes with it or refuses the call, as by a remove; a record that was
   * given never goes, and refuses the call. Unique sets and references are judged by the state at the end, and a call that
   * is refused has changed nothing; where `supports.atomic` is false, one that failed otherwise may be half done.
   *
   * @returns how many were not passed over
   * @throws CrossfadeError E_FENCED when `epoch` is not the one that began last: nothing was written;
   * E_UNIQUE, E_REFERENCE as a write does
   */
  apply(epoch: bigint, records: readonly Mirrored[]): Promise<number>;
  /** Forgets what was noted of keys, when the records are copied anew; the epoch stays. */
  reset(): Promise<void>;
}
