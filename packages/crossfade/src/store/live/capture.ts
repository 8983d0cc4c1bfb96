import type { Key } from '../../schema/collection.ts';

/** A key that was written, or may have been, since its entry was cleared. */
export interface JournalEntry {
  readonly collection: string;
  /** Null where another program has written a key that the schema does not hold: only a full verification sees that record. */
  readonly key: Key | null;
  /** Larger than that of every earlier entry of the place, and never given twice. */
  readonly counter: number;
  /**
   * The write has ended, one way or the other, so that a read from now on sees what it did. An intent whose write is
   * under way, or whose outcome nobody knows yet, is not settled; an entry of a trigger always is.
   */
  readonly isSettled: boolean;
}

/** Whether every write is captured. */
export interface Standing {
  /** Nothing below is in the way: every write since `install` was captured. */
  readonly stands: boolean;
  /** Collections whose writes are not captured as they have to be: all where nothing is installed; rebuilding a table drops its triggers. */
  readonly unarmed: readonly string[];
  /** The schema of the place is another than at `install`, so that a collection may have been uncaptured for a while. */
  readonly isSchemaChanged: boolean;
}

/**
 * Notes the key of every write where the records are. By triggers (`supports.capture` is `triggers`) in the transaction
 * of the write, whoever writes; by intents (`intents`) durably before the write, for the writes of this store alone.
 *
 * Read the entries, then the records, then clear the entries: a write in between keeps or makes an entry. Nothing is
 * captured before `install`, and what is installed stays so over `close` and `open`, as far as the place is durable.
 */
export interface Capture {
  /** From its return on every write is captured. Idempotent. @throws CrossfadeError E_STORE_DAMAGED where it was installed and no longer stands: writes may be missing, `remove` it and verify everything */
  install(): Promise<void>;
  /** Ends it and drops its entries. Idempotent. */
  remove(): Promise<void>;
  stands(): Promise<Standing>;
  /**
   * The entries with the lowest counters, at most `limit`; none where nothing is installed. Where triggers note, a key has
   * at most one, by its last write; where intents do, one for each write, also for one that was refused.
   */
  entries(limit: number): Promise<readonly JournalEntry[]>;
  /** Removes each of them that was settled when it was seen and was not written again. An entry that is there no longer is passed over. */
  clear(entries: readonly JournalEntry[]): Promise<void>;
}
