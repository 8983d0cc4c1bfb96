import { expect, test } from 'vitest';
import { connected, refusal, until, waitingForLock } from '../../../test/harness/connections.ts';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import { query } from '../../pg/connect.ts';
import { sql } from '../../pg/sql.ts';
import { notNullSteps, runSafely, validateLater } from './safe-constraints.ts';

const constraints = `SELECT conname AS name, convalidated AS valid FROM pg_constraint WHERE conrelid = 't'::regclass AND contype IN ('c', 'f') ORDER BY 1`;

test('a constraint holds for new rows at once and for old ones once it is validated; both steps may be run again', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, "n""" int); INSERT INTO t VALUES (1, -1)');
  const { add, validate, drop } = validateLater({ table: 't', name: `pos'"` }, 'CHECK ("n""" > 0)');
  await runSafely(database, [add]);
  await runSafely(database, [add]);
  await expect(database.query('INSERT INTO t VALUES (2, -2)')).rejects.toMatchObject({ code: '23514' });
  const refused = await refusal(runSafely(database, [validate]));
  expect([refused.code, refused.facts.sqlstate]).toEqual(['E_TARGET_REFUSED', '23514']);
  expect((await database.query(constraints)).rows).toEqual([{ name: `pos'"`, valid: false }]);
  await database.query('UPDATE t SET "n""" = 1');
  await runSafely(database, [add, validate]);
  expect((await database.query(constraints)).rows).toEqual([{ name: `pos'"`, valid: true }]);
  await database.query(drop);
  expect((await database.query(constraints)).rows).toEqual([]);
});

test('NOT NULL comes by way of a CHECK, without a scan under the strongest lock, and leaves no CHECK behind', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, NULL)');
  const steps = notNullSteps({ table: 't', column: 'n' });
  const required = async () =>
    (
      await database.query(
        `SELECT attnotnull AS yes FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'`,
      )
    ).rows[0].yes as boolean;
  expect((await refusal(runSafely(database, steps))).facts.sqlstate).toBe('23514');
  expect(await required()).toBe(false);
  await database.query('UPDATE t SET n = 1');
  const scans = async () =>
    Number((await database.query(`SELECT seq_scan AS n FROM pg_stat_user_tables WHERE relname = 't'`)).rows[0].n);
  await runSafely(database, steps.slice(0, 2));
  await database.query('SELECT pg_stat_force_next_flush()');
  const before = await scans();
  await runSafely(database, steps);
  expect([await required(), (await database.query(constraints)).rows, await scans()]).toEqual([true, [], before]);
  await runSafely(database, steps);
  expect([await required(), (await database.query(constraints)).rows]).toEqual([true, []]);
});

test('a lock is asked for in short tries: a reader that comes meanwhile is let through', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, n int)');
  const [holder, reader] = [await connected(database), await connected(database)];
  await query(holder, sql`BEGIN`, 'hold');
  await query(holder, sql`SELECT FROM public.t`, 'hold');
  const adding = runSafely(database, [validateLater({ table: 't', name: 'c' }, 'CHECK (n > 0)').add], {
    lockTimeoutMs: 30,
  });
  await until(async () => (await waitingForLock(database)) > 0);
  // It would wait behind the waiting ALTER TABLE until the holder ends, which it never does before this is answered.
  expect((await query(reader, sql`SELECT count(*) AS n FROM public.t`, 'read')).rows).toEqual([{ n: '0' }]);
  await query(holder, sql`COMMIT`, 'let go');
  await adding;
  expect((await database.query(constraints)).rows).toEqual([{ name: 'c', valid: false }]);
});
