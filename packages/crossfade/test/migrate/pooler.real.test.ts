import { expect, test } from 'vitest';
import { migrate } from '../../src/migrate/migrate.ts';
import { isPooled } from '../../src/pg/connect.ts';
import { connected, refusal } from '../harness/connections.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { migrationFolder, noTransaction, versionOf } from '../support/migrations.ts';
import { pooled } from '../support/pooler.ts';

const files = {
  '1_log.up.sql': 'CREATE TABLE log (line text);',
  '2_a.up.sql': "SET work_mem = '77MB'; SET search_path = ''; INSERT INTO public.log VALUES ('a');",
  '3_index.up.sql': `${noTransaction}CREATE INDEX CONCURRENTLY i ON log (line);\nINSERT INTO log VALUES ('b');`,
  '4_c.up.sql': "INSERT INTO log VALUES ('c');",
};

test.each([3, 20])(
  'forty starts at once behind PgBouncer in transaction mode, with %i sessions, run each file once',
  async (poolSize) => {
    const database = await freshDatabase();
    const target = await pooled(database, poolSize);
    expect(isPooled(await connected(target))).toBe(true);
    const folder = migrationFolder(files);
    const reports = await Promise.all(Array.from({ length: 40 }, () => migrate({ folder, target })));
    expect(reports.flatMap(({ ran }) => ran.map(({ version }) => version)).toSorted()).toEqual([1n, 2n, 3n, 4n]);
    expect((await database.query('select line from log order by 1')).rows.map(({ line }) => line)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(await versionOf(database)).toBe('4 false');
  },
);

test('a start that goes to the server itself and one through PgBouncer keep each other out', async () => {
  const database = await freshDatabase();
  const target = await pooled(database, 5);
  const folder = migrationFolder(files);
  const reports = await Promise.all(
    Array.from({ length: 20 }, (_, n) => migrate({ folder, target: n % 2 === 0 ? target : database })),
  );
  expect(reports.reduce((sum, { ran }) => sum + ran.length, 0)).toBe(4);
});

test('nothing that a file sets is left in a session that PgBouncer gives to somebody else', async () => {
  const database = await freshDatabase();
  const target = await pooled(database, 1);
  const hidden = `${noTransaction}DO $$ BEGIN PERFORM set_config('work_mem', '66MB', false), set_config('lock_timeout', '66s', false); END $$;`;
  await migrate({ folder: migrationFolder({ ...files, '5_hidden.up.sql': hidden }), target });
  const look =
    "select current_setting('work_mem'), current_setting('search_path'), current_setting('lock_timeout'), current_user";
  const next = await connected(target);
  expect((await next.query(look)).rows).toEqual((await database.query(look)).rows);
});

test('what needs a session of its own is refused before anything runs', async () => {
  const database = await freshDatabase();
  const target = await pooled(database, 3);
  const set = migrationFolder({ '1_a.up.sql': `${noTransaction}SET work_mem = '1MB';\nSELECT 1;` });
  expect(await refusal(migrate({ folder: set, target }))).toMatchObject({
    code: 'E_MIGRATION_UNFIT',
    facts: { line: 2 },
  });
  const elsewhere = migrationFolder({ '1_a.up.sql': `${noTransaction}DROP INDEX CONCURRENTLY IF EXISTS i;` });
  expect((await refusal(migrate({ folder: elsewhere, target, schema: 'app' }))).code).toBe('E_MIGRATION_UNFIT');
  expect(await versionOf(database)).toBe('');
});
