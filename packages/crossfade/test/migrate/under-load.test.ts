import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { type LoadOptions, underLoad } from '../support/load.ts';
import { versionOf } from '../support/migrations.ts';
import { expandedVersion, migrateUp, writeOrderFiles } from '../support/order-files.ts';
import { newOrderRequest, orderRequest, ordersTable } from '../support/orders.ts';

const rows = 20_000;
/** What a request may wait at most; the server ends a statement that waits longer. */
const lockLimitMs = 2_000;
/** How long a change waits in front of the application. */
const lockTimeoutMs = 200;

test('an index, a NOT NULL and another column type arrive under load, as files that the command runs: no request fails, none waits longer than the limit', async () => {
  const target = await freshDatabase();
  const folder = writeOrderFiles(tempFolder('migrations-'), rows, 0);
  await migrateUp(target, folder, lockTimeoutMs, 1);
  const base = { target, perSecond: 220, connections: 6, lockLimitMs };
  const old: LoadOptions = { ...base, request: (client, n) => orderRequest(client, n, rows) };
  const fresh: LoadOptions = { ...base, request: (client, n) => newOrderRequest(client, n, rows) };

  const first = await underLoad(old, 5, () => migrateUp(target, folder, lockTimeoutMs, Number(expandedVersion) - 1));
  expect(await versionOf(target)).toBe(`${expandedVersion} false`);
  const second = await underLoad(fresh, 2, () => migrateUp(target, folder, lockTimeoutMs));
  expect(await versionOf(target)).toBe(`${expandedVersion + 1n} false`);

  for (const { load } of [first, second]) {
    expect(load.errors).toEqual([]);
    expect(load.longestLockWaitMs).toBeLessThan(lockLimitMs);
    expect(load.requests).toBeGreaterThan(0);
  }
  const state = await target.query(
    `SELECT (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY attname)
       FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped) AS columns,
       (SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer'::regclass) AS valid,
       (SELECT count(*)::int FROM orders) - ${rows} AS inserted`,
  );
  const written = [first, second].reduce((sum, { load }) => sum + Math.ceil(load.requests / 8), 0);
  expect(state.rows).toEqual([
    {
      columns: 'amount_big bigint not null, customer integer not null, id bigint not null, note text not null',
      valid: true,
      inserted: written,
    },
  ]);
});

test('the watch sees what it is there for: a change that holds its lock makes requests fail at the limit', async () => {
  const target = await freshDatabase();
  for (const statement of ordersTable(100)) await target.query(statement);
  const careless = 'BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.8); COMMIT';
  const { load } = await underLoad(
    { target, perSecond: 50, connections: 2, lockLimitMs: 300, request: (client, n) => orderRequest(client, n, 100) },
    1,
    () => target.query(careless),
  );
  expect(new Set(load.errors)).toEqual(new Set(['55P03']));
  expect(load.longestLockWaitMs).toBeGreaterThan(100);
});
