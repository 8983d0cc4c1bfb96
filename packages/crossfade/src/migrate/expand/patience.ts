import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { query, transaction } from '../../pg/connect.ts';
import { interrupted } from '../../pg/failure.ts';
import { join, name, quoted, sql } from '../../pg/sql.ts';
import { pause, pauseMs } from '../retry.ts';
import { isPassing } from '../statement-failure.ts';

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
  /** How often a transaction is tried that met a lock, a deadlock or a conflict. Default 40. */
  readonly lockTries?: number;
  readonly signal?: AbortSignal;
}

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
  const {
    lockTimeoutMs = limits.expandLockMs,
    statementTimeoutMs = limits.expandStatementMs,
    lockTries = limits.migrationLockTries,
  } = patience;
  const backoff = { firstMs: limits.migrationPauseMs, longestMs: limits.migrationPauseMaxMs };
  for (let retries = 0; ; retries++) {
    if (patience.signal?.aborted === true) throw interrupted(doing);
    try {
      const result = await transaction(client, async () => {
        const [lock, statement] = [lockTimeoutMs, statementTimeoutMs].map((ms) => quoted(`${ms}ms`));
        await query(client, sql`SET LOCAL lock_timeout = ${lock}`, doing);
        await query(client, sql`SET LOCAL statement_timeout = ${statement}`, doing);
        // Plain names lead where they do in a migration: to the schema, then to public, where extensions usually are.
        const path = [...new Set(schema === undefined ? [] : [schema, 'public'])].map((each) => name(each));
        if (path.length > 0) await query(client, sql`SET LOCAL search_path = ${join(path)}`, doing);
        return await work(client);
      });
      return { result, retries };
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (retries + 1 >= lockTries) throw busy(doing, lockTries, lockTimeoutMs, error);
      await pause(pauseMs(retries + 1, backoff), patience.signal);
    }
  }
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
