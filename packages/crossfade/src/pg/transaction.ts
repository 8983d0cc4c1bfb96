import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { sessionOf } from './connection.ts';
import { failure } from './failure.ts';
import { type Sql, join, sql } from './sql.ts';

/** Runs one statement. Rows hold text and null only. @param doing see {@link failure} */
export async function query<R extends Record<string, string | null> = Record<string, string | null>>(
  client: pg.Client,
  statement: Sql,
  doing: string,
): Promise<pg.QueryResult<R>> {
  try {
    return await client.query<R>(statement.text, statement.values.length > 0 ? [...statement.values] : undefined);
  } catch (error) {
    const found = failure(error, doing);
    // What comes after a missed answer belongs to the wrong question.
    if (found.code === 'E_TARGET_LOST') sessionOf(client).socket.destroy();
    throw found;
  }
}

const begins = {
  write: sql`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`,
  /** One snapshot from the first statement to the last. */
  read: sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
};

/** A server that does not confirm a rollback by then has lost us, and rolls back when it finds out. */
const rollbackLimitMs = 10_000;

/**
 * Runs `fn` in a transaction: committed when it resolves, rolled back when it throws; its error is passed on as it is.
 * A connection whose rollback fails is closed rather than used again. When the answer to COMMIT is lost, the error is
 * E_TARGET_LOST with the fact `outcome: unknown`: look before doing it again.
 */
export async function transaction<T>(
  client: pg.Client,
  fn: (client: pg.Client) => Promise<T>,
  kind: keyof typeof begins = 'write',
): Promise<T> {
  const { prelude } = sessionOf(client);
  await query(client, prelude === null ? begins[kind] : sql`${begins[kind]}; ${prelude}`, 'begin a transaction');
  let result: T;
  try {
    result = await fn(client);
  } catch (error) {
    await rollback(client);
    throw error;
  }
  await commit(client);
  return result;
}

/**
 * Reads in one message and one snapshot; the results come in the order of the statements, which hold no parameters. The
 * error of one leaves no transaction open.
 */
export async function snapshot(
  client: pg.Client,
  statements: readonly Sql[],
  doing: string,
): Promise<pg.QueryResult[]> {
  const { prelude } = sessionOf(client);
  const opening = prelude === null ? [begins.read] : [begins.read, prelude];
  try {
    const results: unknown = await query(client, join([...opening, ...statements, sql`COMMIT`], '; '), doing);
    return (results as pg.QueryResult[]).slice(-1 - statements.length, -1);
  } catch (error) {
    await rollback(client);
    throw error;
  }
}

async function commit(client: pg.Client): Promise<void> {
  const { command } = await query(client, sql`COMMIT`, 'commit a transaction').catch((error: CrossfadeError) => {
    // Without an SQLSTATE it is not the server that speaks: the answer is lost, whatever the network calls it.
    if (error.code !== 'E_TARGET_LOST' && error.facts.sqlstate !== undefined) throw error;
    throw new CrossfadeError('E_TARGET_LOST', error.message, { ...error.facts, outcome: 'unknown' });
  });
  // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.
  if (command === 'COMMIT') return;
  throw new CrossfadeError(
    'E_INTERNAL',
    'Could not commit a transaction: a statement in it had failed, and the failure was passed over. It was rolled back. This is a defect of Crossfade: please report it.',
  );
}

async function rollback(client: pg.Client): Promise<void> {
  const { socket } = sessionOf(client);
  const timer = setTimeout(() => socket.destroy(), rollbackLimitMs);
  await client.query('ROLLBACK').catch(() => socket.destroy());
  clearTimeout(timer);
}
