import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connected, refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { migrationFolder, noTransaction, versionOf } from '../../test/support/migrations.ts';
import { transaction } from '../pg/connect.ts';
import { force } from './force.ts';
import { migrate } from './migrate.ts';

const only = async (sql: string) => ({ folder: migrationFolder({ '1_a.up.sql': sql }), target: await freshDatabase() });

test('a transaction that AND CHAIN leaves open is refused before anything runs', async () => {
  const options = await only(`${noTransaction}BEGIN;\nCREATE TABLE a ();\nCOMMIT AND CHAIN;\nCREATE TABLE b ();`);
  expect(await refusal(migrate(options))).toMatchObject({ code: 'E_MIGRATION_UNFIT', facts: { line: 4 } });
});

test.each(["SET client_encoding = 'LATIN1'", "SET NAMES 'SQL_ASCII'", 'SET LOCAL client_encoding TO latin9'])(
  '%s is refused: the texts of the file would become others',
  async (statement) => {
    expect(await refusal(migrate(await only(`${statement};\nSELECT 1;`)))).toMatchObject({
      code: 'E_MIGRATION_UNFIT',
    });
  },
);

test('the encoding that the file has anyway may be set, as pg_dump does', async () => {
  const options = await only(
    "SET client_encoding = 'UTF8';\nSET NAMES 'utf-8';\nCREATE TABLE t (x text);\nINSERT INTO t VALUES ('Müller');",
  );
  await migrate(options);
  expect((await options.target.query('select x, length(x) from t')).rows).toEqual([{ x: 'Müller', length: 6 }]);
});

const inItsMiddle = 'INSERT INTO log VALUES (1); COMMIT; LOCK TABLE hot IN ACCESS EXCLUSIVE MODE;';

test.each([
  ['a DO', `DO $$ BEGIN ${inItsMiddle} END $$;`],
  ['a CALL', 'CALL work();'],
])('what %s has committed is not done again when it then waits too long for a lock', async (_, statement) => {
  const options = await only(`${noTransaction}${statement}`);
  await options.target.query('create table log (n int)');
  await options.target.query('create table hot ()');
  await options.target.query(`create procedure work() language plpgsql as $$ begin ${inItsMiddle} end $$`);
  const reader = await connected(options.target);
  await transaction(reader, async () => {
    await reader.query('select from public.hot');
    expect(await refusal(migrate({ ...options, lockTimeoutMs: 50 }))).toMatchObject({ facts: { sqlstate: '55P03' } });
  });
  expect((await options.target.query('select count(*)::int as n from log')).rows).toEqual([{ n: 1 }]);
});

test('a file that comes late is noticed also when its version was forced over in between', async () => {
  const folder = migrationFolder({
    '1_a.up.sql': 'SELECT 1;',
    '3_c.up.sql': 'SELECT 3;',
    '4_d.up.sql': `${noTransaction}SELECT nope;`,
  });
  const options = { folder, target: await freshDatabase() };
  await refusal(migrate(options));
  await force(options, 3n);
  writeFileSync(join(folder, '4_d.up.sql'), 'SELECT 4;');
  await migrate(options);
  writeFileSync(join(folder, '2_b.up.sql'), 'CREATE TABLE t2 ();');
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({ code: 'E_MIGRATION_CHANGED' });
  expect(error.message).toContain('2_b.up.sql never ran');
});

test('a file that ran is not run again under another number', async () => {
  const folder = migrationFolder({
    '20260101000001_a.up.sql': 'SELECT 1;',
    '20260101000002_seed.up.sql': 'CREATE TABLE t ();',
    '20260101000003_c.up.sql': 'SELECT 3;',
  });
  const options = { folder, target: await freshDatabase() };
  await migrate(options);
  renameSync(join(folder, '20260101000002_seed.up.sql'), join(folder, '20260101000004_seed.up.sql'));
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({ code: 'E_MIGRATION_CHANGED' });
  expect(error.message).toContain('has the text of 20260101000002_seed');
});

test.each([
  [
    'a value with quotes of its own',
    `INSERT INTO t VALUES ('{"ssn": "123-45-6789"}');`,
    'ALTER TABLE t ALTER COLUMN c TYPE int USING c::int',
  ],
  [
    'a value in the words of RAISE with an SQLSTATE',
    `INSERT INTO t VALUES ('123-45-6789');`,
    `DO $$ DECLARE v text; BEGIN SELECT c INTO v FROM t; RAISE EXCEPTION 'bad row %', v USING ERRCODE = 'check_violation'; END $$`,
  ],
])('%s is not in the message', async (_, insert, statement) => {
  const options = await only(`${statement};`);
  await options.target.query('create table t (c text)');
  await options.target.query(insert);
  const error = await refusal(migrate(options));
  expect(error.code).toBe('E_MIGRATION_FAILED');
  expect(`${error.message} ${JSON.stringify(error.facts)}`).not.toContain('123-45');
});

test.each([
  ['a version that is no number', 'version text, dirty boolean', "'abc', false"],
  ['no version', 'version bigint, dirty boolean', 'NULL, false'],
  ['a dirty that is text', 'version bigint, dirty text', "1, 'f'"],
])('%s in schema_migrations is told for what it is', async (_, columns, values) => {
  const options = await only('SELECT 1;');
  await options.target.query(`create table schema_migrations (${columns})`);
  await options.target.query(`insert into schema_migrations values (${values})`);
  expect(await refusal(migrate(options))).toMatchObject({ code: 'E_MIGRATION_STATE' });
});

test("golang-migrate's clean -1 is none", async () => {
  const options = await only('CREATE TABLE t ();');
  await options.target.query(
    'create table schema_migrations (version bigint not null primary key, dirty boolean not null)',
  );
  await options.target.query('insert into schema_migrations values (-1, false)');
  expect(await migrate(options)).toMatchObject({ from: null, version: 1n });
});

test('the account of a run that somebody has cleared by hand is not given for another one', async () => {
  const folder = migrationFolder({
    '1_a.up.sql': 'SELECT 1;',
    '2_b.up.sql': `${noTransaction}SELECT nope;`,
    '3_c.up.sql': 'SELECT 3;',
  });
  const options = { folder, target: await freshDatabase() };
  await refusal(migrate(options));
  await options.target.query('update schema_migrations set version = 3, dirty = true');
  const error = await refusal(migrate(options));
  expect(error.code).toBe('E_MIGRATION_DIRTY');
  expect(error.message).toContain('dirty at version 3');
  expect(error.message).not.toContain('2_b');
});

test('a file whose own session cannot be opened leaves nothing dirty', async () => {
  const options = await only(`${noTransaction}CREATE TABLE public.t ();`);
  const { target } = options;
  const role = `one_${target.database}`;
  await target.query(`create role ${role} login password 'p' connection limit 1`);
  await target.query(
    `grant create on database ${target.database} to ${role}; grant create, usage on schema public to ${role}`,
  );
  try {
    const error = await refusal(migrate({ ...options, target: { ...target, user: role, password: 'p' } }));
    expect(error.code).toMatch(/^E_TARGET_/);
    expect(await versionOf(target)).not.toContain('true');
    expect((await target.query("select to_regclass('public.t') as t")).rows).toEqual([{ t: null }]);
  } finally {
    await target.query(`drop owned by ${role}; drop role ${role}`);
  }
});
