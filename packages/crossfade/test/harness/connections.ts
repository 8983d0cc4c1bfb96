import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { onTestFinished } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { type ConnectOptions, connect, disconnect, query } from '../../src/pg/connect.ts';
import { sql } from '../../src/pg/sql.ts';
import type { Target } from '../../src/pg/target.ts';
import type { TestDatabase } from './postgres.ts';

/** A connection of ours that ends with the test. */
export async function connected(target: Target, options?: ConnectOptions): Promise<pg.Client> {
  const client = await connect(target, options);
  onTestFinished(() => disconnect(client));
  return client;
}

/** The error of something that must fail. */
export function refusal(promise: Promise<unknown>): Promise<CrossfadeError> {
  return promise.then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: CrossfadeError) => error,
  );
}

/** The server process behind a connection. */
export async function backendPid(client: pg.Client): Promise<number> {
  return Number((await query(client, sql`select pg_backend_pid() as pid`, 'ask')).rows[0]?.pid);
}

/** How many sessions of the database wait for a lock, for so long at least. To be asked outside of transactions, which see one state of them. */
export async function waitingForLock(
  database: Pick<TestDatabase, 'query'> | pg.Client,
  atLeastMs = 0,
): Promise<number> {
  const { rowCount } = await database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND clock_timestamp() - query_start >= make_interval(secs => $1 / 1000.0)`,
    [atLeastMs],
  );
  return rowCount ?? 0;
}

/** For what a server does in its own time; the test's time limit is the only one. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}
