import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { query, transaction } from '../../pg/connect.ts';
import { interrupted } from '../../pg/failure.ts';
import { name, quoted, sql } from '../../pg/sql.ts';

/** How long one transaction may hold others up, and how often it is tried. */
export interface Patience {
  /**
   * Longest wait for a lock. Everybody who comes later waits behind a waiting DDL statement, so this is also what the
   * application can lose. Default 500: less than PostgreSQL's deadlock_timeout of a second, so that in a deadlock it is
   * we who give way and not the application.
   */
  readonly lockTimeoutMs?: number;
  /** Longest time of one statement; 0 is none. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** How often a transaction is tried that met a lock, a deadlock or a conflict. Default 30. */
  readonly triesMax?: number;
  readonly signal?: AbortSignal;
}

/** What is used where nothing is said; see {@link Patience}. */
export const patienceDefaults = { lockTimeoutMs: 500, statementTimeoutMs: 30_000, triesMax: 30 } as const;

/** Longest pause between two tries: a lock that is held for hours is asked for often enough. */
const pauseMaxMs = 5_000;
const pauseFirstMs = 50;

/** Another try may end better: lock not to be had, deadlock, serialization failure. */
const passing: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);

/** A result, and how often it had to be tried again. */
export interface Patiently<T> {
  readonly result: T;
  readonly retries: number;
}

/**
 * Runs `work` in a transaction of its own under a lock limit, and again after a growing pause of random length while
 * locks are not to be had. Nothing of a failed try stays.
 *
 * @param doing completes "Could not …"
 * @param schema in which plain names of the user's SQL are looked up
 * @throws CrossfadeError E_MIGRATION_BUSY after the last try, E_INTERRUPTED, and what `work` throws
 */
export async function patiently<T>(
  client: pg.Client,
  doing: string,
  patience: Patience,
  work: (client: pg.Client) => Promise<T>,
  schema?: string,
): Promise<Patiently<T>> {
  const { lockTimeoutMs, statementTimeoutMs, triesMax } = { ...patienceDefaults, ...patience };
  for (let retries = 0; ; retries++) {
    if (patience.signal?.aborted === true) throw interrupted(doing);
    try {
      const result = await transaction(client, async () => {
        const [lock, statement] = [lockTimeoutMs, statementTimeoutMs].map((ms) => quoted(`${ms}ms`));
        await query(client, sql`SET LOCAL lock_timeout = ${lock}`, doing);
        await query(client, sql`SET LOCAL statement_timeout = ${statement}`, doing);
        // Expressions of the user may name functions and tables of the schema; nothing else is found by its plain name.
        if (schema !== undefined)
          await query(client, sql`SET LOCAL search_path = pg_catalog, ${name(schema)}, pg_temp`, doing);
        return await work(client);
      });
      return { result, retries };
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (retries + 1 >= triesMax) throw busy(doing, triesMax, lockTimeoutMs, error);
      await pause(Math.min(pauseMaxMs, pauseFirstMs * 2 ** retries), patience.signal, doing);
    }
  }
}

/** Waits between half of `ms` and all of it: those who failed together do not come back together. */
export async function pause(ms: number, signal: AbortSignal | undefined, doing: string): Promise<void> {
  try {
    await sleep(ms * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
  } catch {
    throw interrupted(doing);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof CrossfadeError && passing.has(String(error.facts.sqlstate));
}

function busy(doing: string, tries: number, lockTimeoutMs: number, cause: unknown): CrossfadeError {
  const { sqlstate, table } = cause instanceof CrossfadeError ? cause.facts : {};
  return new CrossfadeError(
    'E_MIGRATION_BUSY',
    `Could not ${doing}: others hold the locks; ${tries} tries of ${lockTimeoutMs} ms each found none free (SQLSTATE ${String(sqlstate)}). Nothing of it was done. Look for long transactions in pg_stat_activity, or try again at a quieter time.`,
    { tries, lockTimeoutMs, sqlstate: sqlstate ?? null, table: table ?? null },
    { cause },
  );
}
