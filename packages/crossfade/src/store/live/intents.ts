import { CrossfadeError } from '../../core/errors.ts';
import type { Key } from '../../schema/collection.ts';
import type { Capture } from './capture.ts';

/** What a write may change. */
export interface Touched {
  readonly collection: string;
  readonly key: Key;
}

/** A write that is noted and under way. */
export interface Intent {
  /** It has ended, and a read from now on sees what it did. */
  end(): void;
  /** Nobody knows what became of it: it may still be done, for as long as the log has been told. */
  lose(): void;
}

/**
 * Capture by intents: for a place that has no transactions in which a write could be noted. A driver opens the log with
 * itself, hands it out as its `capture`, and begins each write here before anybody can see it.
 *
 * An intent that a process has left, because it was killed, is settled when the log is opened again, or as much later as
 * a write may still be done (`lifeMs`).
 */
export interface IntentLog extends Capture {
  /** @param collections those of the schema @throws CrossfadeError E_STORE_DAMAGED */
  open(collections: readonly string[]): Promise<void>;
  close(): Promise<void>;
  /** Notes a write, durably as far as the log is; nothing where capture is not installed. @throws CrossfadeError E_STORE_FAILED: the write must not begin */
  begin(touched: readonly Touched[]): Promise<Intent>;
}

/** A write between its intent and its end. One that ends with E_OUTCOME_UNKNOWN stays unsettled for the life of the log. */
export async function withIntent<T>(log: IntentLog, touched: readonly Touched[], write: () => Promise<T>): Promise<T> {
  const intent = await log.begin(touched);
  try {
    const done = await write();
    intent.end();
    return done;
  } catch (error) {
    if (error instanceof CrossfadeError && error.code !== 'E_OUTCOME_UNKNOWN') intent.end();
    else intent.lose();
    throw error;
  }
}
