import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import { inShortTries } from '../../../pg/short-tries.ts';
import type { Opened } from '../make-changes.ts';
import { type Answer, ask, type Parameter, StatementFailure } from '../statement.ts';

/** What every part of the live protocol works with. */
export interface LivePlace {
  /** The PostgreSQL schema of the tables, which names the store in Crossfade's own tables. */
  readonly schema: string;
  readonly opened: () => Opened;
  /** Runs `work` as one transaction. `repeatable`: doing it twice is as doing it once, so a lost answer is no reason to stop. */
  readonly change: <T>(kind: 'once' | 'repeatable', work: (client: pg.Client) => Promise<T>) => Promise<T>;
  /** Runs one statement that reads. */
  readonly read: (text: string, values: readonly Parameter[]) => Promise<Answer>;
  /** Gives `work` one state of the database; what it throws is passed on. */
  readonly snapshot: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>;
  /** An error of a read as the contract has it. */
  readonly told: (error: unknown) => unknown;
}

/**
 * Runs `work`, which takes locks that writers hold, as a repeatable transaction: in short tries with pauses between
 * them, so that writers never stand behind it for long. @throws CrossfadeError E_STORE_BUSY
 */
export function behindWriters<T>(place: LivePlace, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const once = (lockTimeoutMs: number): Promise<T> =>
    place.change('repeatable', async (client) => {
      await run(client, `SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      return work(client);
    });
  return inShortTries(once, (error) => error instanceof CrossfadeError && error.code === 'E_STORE_BUSY');
}

/** One statement that is not worth a name. @throws StatementFailure */
export function run(client: pg.Client, text: string, values: readonly Parameter[] = []): Promise<Answer> {
  return ask(client, { name: null, text }, values);
}

/** Statements without parameters and without answers, in one round trip. @throws StatementFailure */
export async function runAll(client: pg.Client, texts: readonly string[]): Promise<void> {
  if (texts.length > 0) await run(client, texts.join('; '));
}

/** Lets the writes of this transaction pass the fence, uncaptured. */
export async function passing(client: pg.Client): Promise<void> {
  await run(client, "SET LOCAL crossfade.applier = 'on'");
}

/** The condition of every trigger of ours: the transaction is not that of an applier. */
export const isStranger = "coalesce(current_setting('crossfade.applier', true), '') <> 'on'";

/** Whether the failure says that a table of ours is not there: nothing was installed yet. */
export function isMissing(error: unknown): boolean {
  const isTold = error instanceof StatementFailure || error instanceof CrossfadeError;
  return isTold && ['42P01', '3F000'].includes(String(error.facts.sqlstate));
}
