import { expect, test } from 'vitest';
import { connected, refusal, until, waitingForLock } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { query } from '../../pg/connect.ts';
import { sql } from '../../pg/sql.ts';
import { backfill, type BackfillOptions } from './backfill.ts';

async function table(rows: number): Promise<TestDatabase> {
  const database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b bigint, times int NOT NULL DEFAULT 0)');
  await database.query(`INSERT INTO t (id, a) SELECT i * 3, i FROM generate_series(1, ${rows}) AS i`);
  return database;
}

const base = { table: 't', key: ['id'], set: { b: 'a * 10', times: 'times + 1' }, batchRows: 100 };
const lockWaits = `SELECT l.waitstart::text AS began FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE NOT l.granted AND l.waitstart IS NOT NULL AND a.datname = current_database()`;
const done = async (database: TestDatabase): Promise<unknown> =>
  (await database.query('SELECT count(*)::int AS n, min(times) AS least, max(times) AS most FROM t WHERE b = a * 10'))
    .rows[0];

test('every row is changed once, in ranges of the key, and a second run changes nothing', async () => {
  const target = await table(1_050);
  const reports: bigint[] = [];
  const came = await backfill({ ...base, target, onProgress: ({ rows }) => reports.push(rows) });
  expect([came.rows, came.batches, came.retries]).toEqual([1_050n, 12, 0]);
  expect(came.rowsPerSecond).toBeGreaterThan(0);
  expect(reports.slice(0, 3)).toEqual([100n, 200n, 300n]);
  expect(await done(target)).toEqual({ n: 1_050, least: 1, most: 1 });
  expect((await backfill({ ...base, target })).batches).toBe(0);
  expect(await done(target)).toEqual({ n: 1_050, least: 1, most: 1 });
  expect((await backfill({ ...base, target, restart: true })).rows).toBe(1_050n);
  expect(await done(target)).toEqual({ n: 1_050, least: 2, most: 2 });
});

test('a run that is told to stop leaves whole batches, and the next one goes on behind them', async () => {
  const target = await table(1_000);
  const stopping = new AbortController();
  const error = await refusal(
    backfill({ ...base, target, signal: stopping.signal, onProgress: ({ rows }) => rows === 300n && stopping.abort() }),
  );
  expect(error.code).toBe('E_INTERRUPTED');
  const left = (await target.query('SELECT count(*)::int AS n FROM t WHERE times = 1')).rows[0].n as number;
  expect([left % 100, left >= 300, left < 1_000]).toEqual([0, true, true]);
  const came = await backfill({ ...base, target });
  expect([came.rows, came.batches]).toEqual([1_000n, (1_000 - left) / 100 + 1]);
  expect(await done(target)).toEqual({ n: 1_000, least: 1, most: 1 });
});

test('a composite key of text is walked by its own order, whatever quotes are in names and values', async () => {
  const target = await freshDatabase();
  await target.query(
    `CREATE SCHEMA "s""x"; CREATE TABLE "s""x"."t'""" ("k""1" text NOT NULL, k2 uuid NOT NULL DEFAULT gen_random_uuid(), "v""" int, PRIMARY KEY ("k""1", k2));
     INSERT INTO "s""x"."t'""" ("k""1") SELECT (ARRAY['ä', 'Z', 'a''', '{,"}', '', '\\'])[i % 6 + 1] FROM generate_series(1, 500) AS i`,
  );
  const came = await backfill({
    target,
    schema: 's"x',
    table: `t'"`,
    key: ['k"1', 'k2'],
    set: { 'v"': '1 -- one' },
    where: '"v""" IS NULL',
    batchRows: 7,
  });
  expect(came.rows).toBe(500n);
  expect((await target.query(`SELECT count(*)::int AS n FROM "s""x"."t'""" WHERE "v""" = 1`)).rows).toEqual([
    { n: 500 },
  ]);
});

test('a locked row is waited for in short tries, and the batch is done once it is free', async () => {
  const target = await table(200);
  const holder = await connected(target);
  await query(holder, sql`BEGIN`, 'hold');
  await query(holder, sql`UPDATE public.t SET a = a WHERE id = 30`, 'hold');
  const running = backfill({ ...base, target, lockTimeoutMs: 50, lockTries: 1_000 });
  const waits = new Set<unknown>();
  // A second wait has begun: the first has ended without the lock.
  await until(async () => {
    for (const { began } of (await target.query(lockWaits)).rows) waits.add(began);
    return waits.size > 1;
  });
  await query(holder, sql`COMMIT`, 'let go');
  const came = await running;
  expect(came.retries).toBeGreaterThan(0);
  expect(await done(target)).toEqual({ n: 200, least: 1, most: 1 });
});

test('a lock that is never free ends the run with its code, and nothing of the batch stays', async () => {
  const target = await table(200);
  const holder = await connected(target);
  await query(holder, sql`BEGIN`, 'hold');
  await query(holder, sql`UPDATE public.t SET a = a WHERE id = 330`, 'hold');
  const error = await refusal(backfill({ ...base, target, lockTimeoutMs: 10, lockTries: 3 }));
  expect([error.code, error.facts.sqlstate, error.facts.tries]).toEqual(['E_MIGRATION_BUSY', '55P03', 3]);
  expect(await done(target)).toEqual({ n: 100, least: 1, most: 1 });
});

test('it waits while a standby lags or others wait for locks, and goes on afterwards', async () => {
  const target = await table(100);
  const lags = [50, 50, 0];
  const lagged = await backfill({ ...base, target, maxLagMs: 10, lagMs: () => Promise.resolve(lags.shift() ?? 0) });
  expect(lags).toEqual([]);
  expect(lagged.waitedMs).toBeGreaterThan(200);

  const [holder, waiter] = [await connected(target), await connected(target)];
  await query(holder, sql`BEGIN`, 'hold');
  await query(holder, sql`LOCK TABLE public.t IN SHARE ROW EXCLUSIVE MODE`, 'hold');
  const waiting = query(waiter, sql`DELETE FROM public.t WHERE id < 0`, 'wait');
  await until(async () => (await waitingForLock(target)) > 0);
  let pauses = 0;
  const onProgress: BackfillOptions['onProgress'] = ({ batches }) => {
    if (batches === 0 && ++pauses === 2) void query(holder, sql`COMMIT`, 'let go');
  };
  const strained = await backfill({ ...base, target, name: 'again', maxLockWaitMs: 1, onProgress });
  await waiting;
  expect([pauses >= 2, strained.rows]).toEqual([true, 100n]);
});

test('a batch that takes too long is halved until it fits', async () => {
  const target = await table(64);
  const slow = { b: 'a * 10 + 0 * length(pg_sleep(0.02)::text)', times: 'times + 1' };
  const came = await backfill({ ...base, set: slow, target, batchRows: 64, statementTimeoutMs: 600 });
  expect([came.rows, came.retries > 0, came.batches > 2]).toEqual([64n, true, true]);
  expect(await done(target)).toEqual({ n: 64, least: 1, most: 1 });
});

test("a function of the table's schema may be named plainly", async () => {
  const target = await table(3);
  await target.query('CREATE FUNCTION tenfold(int) RETURNS bigint LANGUAGE sql RETURN $1::bigint * 10');
  await backfill({ ...base, target, set: { ...base.set, b: 'tenfold(a)' } });
  expect(await done(target)).toEqual({ n: 3, least: 1, most: 1 });
});

test('two runs of one backfill never change a row twice', async () => {
  const target = await table(2_000);
  const both = await Promise.allSettled([backfill({ ...base, target }), backfill({ ...base, target })]);
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
  expect(refused.filter((code) => code !== 'E_MIGRATION_BUSY')).toEqual([]);
  await backfill({ ...base, target });
  expect(await done(target)).toEqual({ n: 2_000, least: 1, most: 1 });
});

test('another definition under the same name, and a key that may be NULL, are refused before a row is touched', async () => {
  const target = await table(10);
  expect((await refusal(backfill({ ...base, target, key: ['b'] }))).code).toBe('E_USAGE');
  await backfill({ ...base, target, name: 'n' });
  const error = await refusal(backfill({ ...base, target, name: 'n', where: 'a > 5' }));
  expect([error.code, error.facts.name]).toEqual(['E_USAGE', 'n']);
  expect(await done(target)).toEqual({ n: 10, least: 1, most: 1 });
});
