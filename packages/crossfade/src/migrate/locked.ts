import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query, transaction } from '../pg/connect.ts';
import { interrupted } from '../pg/failure.ts';
import { type Sql, join } from '../pg/sql.ts';
import { type Context, lockStatements } from './context.ts';
import { type Lease, type State, parseState, stateQueries } from './state.ts';

/** How often a run looks whether another one has ended: soon enough for a deploy, seldom enough for a server. */
const lookMs = 200;

/**
 * Runs `work` in a transaction that holds the lock, with the version as it is there. While another run holds the lease,
 * it lets go of the lock and waits: nothing of it is open meanwhile that CREATE INDEX CONCURRENTLY would wait for.
 *
 * @throws CrossfadeError E_MIGRATION_BUSY when the other run does not end within `runWaitMs`
 */
export async function locked<T>(context: Context, work: (state: State) => Promise<T>): Promise<T> {
  const deadline = performance.now() + context.patience.runWaitMs;
  let told = false;
  for (;;) {
    const held = await transaction(context.client, async (client) => {
      const state = await openLocked(client, context);
      return state.lease !== null && state.lease.leftMs > 0 ? { by: state.lease } : { result: await work(state) };
    });
    if ('result' in held) return held.result;
    if (performance.now() > deadline) throw busy(held.by);
    if (!told) context.note(`Waiting for ${held.by.holder}, who runs ${fileOf(held.by)}.`);
    told = true;
    await sleep(Math.min(lookMs, held.by.leftMs + 1), undefined, {
      ...(context.signal && { signal: context.signal }),
    }).catch(() => {
      throw interrupted('wait for the other run');
    });
  }
}

async function openLocked(client: pg.Client, context: Context): Promise<State> {
  const { version, lease } = stateQueries;
  const results = await takeLock(client, context, [version(context.tables), lease(context.tables)]);
  return parseState({ version: results.at(-2), lease: results.at(-1) });
}

/**
 * Takes the lock within an open transaction, then runs `more` in the same message.
 *
 * @throws CrossfadeError E_MIGRATION_BUSY when another run holds it for longer than `runWaitMs`
 */
export async function takeLock(
  client: pg.Client,
  context: Context,
  more: readonly Sql[] = [],
): Promise<pg.QueryResult[]> {
  return together(client, [lockStatements(context), ...more], 'take the lock of migrations').catch((error: unknown) => {
    throw error instanceof CrossfadeError && error.facts.sqlstate === '55P03' ? busy(null) : error;
  });
}

/** Several statements in one message. */
export async function together(
  client: pg.Client,
  statements: readonly Sql[],
  doing: string,
): Promise<pg.QueryResult[]> {
  const results = (await query(client, join(statements, '; '), doing)) as unknown;
  return Array.isArray(results) ? (results as pg.QueryResult[]) : [results as pg.QueryResult];
}

function busy(lease: Lease | null): CrossfadeError {
  const who =
    lease === null
      ? 'Another run'
      : `${lease.holder} runs ${fileOf(lease)}, statement ${lease.statement} of ${lease.statements}, and`;
  return new CrossfadeError(
    'E_MIGRATION_BUSY',
    `${who} has not ended within the time to wait. Nothing was run. Wait for it, and run the same command again.`,
    lease === null ? {} : { holder: lease.holder, version: lease.version },
  );
}

function fileOf({ version, name, direction }: Lease): string {
  return `${version}_${name}.${direction}.sql`;
}
