import { expect, test } from 'vitest';
import { refusal } from '../../../test/harness/connections.ts';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import { dropColumn } from './drop-column.ts';
import { dualColumns, type DualColumnsOptions } from './dual-columns.ts';

const cents: DualColumnsOptions = {
  table: 'o"rders',
  oldColumn: 'pri ce',
  newColumn: `ce'nts`,
  forward: (old) => `(${old} * 100)::bigint`,
  backward: (value) => `${value}::numeric / 100`,
  oldDefault: '0',
};

async function orders(options: DualColumnsOptions = cents) {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE "o""rders" (id int PRIMARY KEY, "pri ce" numeric NOT NULL DEFAULT 0); INSERT INTO "o""rders" VALUES (1, 1.25);
     ALTER TABLE "o""rders" ADD COLUMN "ce'nts" bigint; ${dualColumns(options).expand}`,
  );
  const row = async (id: number) => {
    const { rows } = await database.query(
      `SELECT "pri ce"::float8 AS old, "ce'nts"::int AS new FROM "o""rders" WHERE id = $1`,
      [id],
    );
    return [rows[0].old, rows[0].new] as unknown;
  };
  const run = (statement: string) =>
    database.query(
      statement.replace(/\bT\b/, '"o""rders"').replaceAll('NEW', `"ce'nts"`).replaceAll('OLD', '"pri ce"'),
    );
  return { database, row, run };
}

test('whichever column a writer knows, both say the same afterwards', async () => {
  const { run, row } = await orders();
  await run('INSERT INTO T (id, OLD) VALUES (2, 2.5)');
  await run('INSERT INTO T (id, NEW) VALUES (3, 375)');
  await run('INSERT INTO T (id) VALUES (4)');
  await run('INSERT INTO T (id, OLD, NEW) VALUES (5, 5, 500)');
  expect([await row(2), await row(3), await row(4), await row(5)]).toEqual([
    [2.5, 250],
    [3.75, 375],
    [0, 0],
    [5, 500],
  ]);
  await run('UPDATE T SET OLD = 9 WHERE id = 3');
  await run('UPDATE T SET NEW = 1 WHERE id = 2');
  await run('UPDATE T SET id = id WHERE id = 1');
  await run('UPDATE T SET OLD = 7, NEW = 700 WHERE id = 5');
  expect([await row(3), await row(2), await row(1), await row(5)]).toEqual([
    [9, 900],
    [0.01, 1],
    [1.25, 125],
    [7, 700],
  ]);
});

test('a write of both that do not agree is refused, because one of them would be lost', async () => {
  const { run, row } = await orders();
  await expect(run('UPDATE T SET OLD = 7, NEW = 8 WHERE id = 1')).rejects.toMatchObject({ code: '23514' });
  await expect(run('INSERT INTO T (id, OLD, NEW) VALUES (9, 7, 8)')).rejects.toMatchObject({ code: '23514' });
  expect(await row(1)).toEqual([1.25, null]);
});

test('a backfill never turns an old value round, even where the way back is not exact', async () => {
  const { run, row, database } = await orders();
  await run('UPDATE T SET OLD = 1.239 WHERE id = 1');
  expect(await row(1)).toEqual([1.239, 124]);
  await database.query(
    `ALTER TABLE "o""rders" DISABLE TRIGGER USER; UPDATE "o""rders" SET "ce'nts" = NULL; ALTER TABLE "o""rders" ENABLE TRIGGER USER`,
  );
  const { set, where } = dualColumns(cents).fill;
  await database.query(`UPDATE "o""rders" SET "ce'nts" = ${set[`ce'nts`]} WHERE ${where}`);
  expect(await row(1)).toEqual([1.239, 124]);
});

test('the way back leaves no function, trigger or sequence; the way on drops the old column, and neither uses CASCADE', async () => {
  const { database } = await orders();
  const { collapse, expand, contract } = dualColumns(cents);
  const left = async () =>
    (
      await database.query(
        `SELECT relname AS name FROM pg_class WHERE relkind = 'S' UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION ALL SELECT tgname FROM pg_trigger`,
      )
    ).rows;
  expect(await left()).toHaveLength(3);
  await database.query(collapse);
  expect(await left()).toEqual([]);
  await database.query(expand);
  await expect(database.query(contract(0))).rejects.toMatchObject({ code: '23514' });
  await database.query(`UPDATE "o""rders" SET id = id`);
  await expect(database.query(contract(60))).rejects.toMatchObject({ code: '55006' });
  await database.query(contract(0));
  expect(await left()).toEqual([]);
  expect((await database.query('SELECT * FROM "o""rders"')).rows).toEqual([{ id: 1, [`ce'nts`]: '125' }]);
  expect(`${collapse}${contract(0)}`).not.toMatch(/CASCADE/i);
});

test('only old writers count as such', async () => {
  const { database, run } = await orders();
  await run('UPDATE T SET id = id');
  await database.query(`SELECT setval(format('%I', relname)::regclass, 1000) FROM pg_class WHERE relkind = 'S'`);
  await run('INSERT INTO T (id, NEW) VALUES (3, 375)');
  await run('UPDATE T SET NEW = 3 WHERE id = 3');
  await run('UPDATE T SET id = 30 WHERE id = 3');
  const quiet = async () => Number((await database.query(dualColumns(cents).quiet)).rows[0].quiet);
  expect(await quiet()).toBeGreaterThan(1e9);
  await run('UPDATE T SET OLD = 3 WHERE id = 1');
  expect(await quiet()).toBeLessThan(60);
});

test('a role that may only write the table keeps both columns in step', async () => {
  const { database, row } = await orders();
  const role = `writer_${database.database}`;
  await database.query(`CREATE ROLE ${role}; GRANT SELECT, INSERT, UPDATE ON "o""rders" TO ${role}`);
  await database.query(`SET ROLE ${role}; INSERT INTO "o""rders" (id, "pri ce") VALUES (2, 3); RESET ROLE`);
  expect(await row(2)).toEqual([3, 300]);
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test('without a trigger a column is dropped only after its declared cut-off', async () => {
  const { database } = await orders();
  const column = { target: database, table: 'o"rders', column: `ce'nts`, cutOff: new Date('2030-01-02T00:00:00Z') };
  const early = await refusal(dropColumn({ ...column, now: () => new Date('2030-01-01T23:59:59Z') }));
  expect(early.code).toBe('E_COLUMN_IN_USE');
  await dropColumn({ ...column, now: () => new Date('2030-01-02T00:00:00Z') });
  expect((await database.query('SELECT * FROM "o""rders"')).rows).toEqual([{ id: 1, 'pri ce': '1.25' }]);
});
