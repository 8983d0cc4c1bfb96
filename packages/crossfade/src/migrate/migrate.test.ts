import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connected, refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { migrationFolder, noTransaction, schemaDump, versionOf } from '../../test/support/migrations.ts';
import { force } from './force.ts';
import { migrate, migrateTo, planTo } from './migrate.ts';
import { migrationStatus } from './status.ts';

const shop = {
  '000001_users': [
    `CREATE TYPE role AS ENUM ('a', 'b;c');
     CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE CHECK (email ~ '@'), role role DEFAULT 'a');
     COMMENT ON TABLE users IS 'people; all of them';`,
    'DROP TABLE users; DROP TYPE role;',
  ],
  '000002_touch': [
    `ALTER TABLE users ADD COLUMN seen timestamptz;
     CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := now(); RETURN NEW; END; $$;
     CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
     CREATE VIEW seen AS SELECT id FROM users WHERE seen IS NOT NULL;`,
    'DROP VIEW seen; DROP TRIGGER touch ON users; DROP FUNCTION touch(); ALTER TABLE users DROP COLUMN seen;',
  ],
  '000003_index': [
    `${noTransaction}CREATE INDEX CONCURRENTLY users_seen ON users (seen);\nCREATE INDEX CONCURRENTLY users_role ON users (role);`,
    `${noTransaction}DROP INDEX CONCURRENTLY users_seen;\nDROP INDEX CONCURRENTLY users_role;`,
  ],
  '000004_seed': [
    "COPY users (email, role) FROM stdin;\na@b\tb;c\nd@e\t\\N\n\\.\nINSERT INTO users (email) VALUES ('x@y');",
    'TRUNCATE users;',
  ],
} as const;

async function scene(files: Parameters<typeof migrationFolder>[0] = shop) {
  const database = await freshDatabase();
  const folder = migrationFolder(files);
  return { database, folder, options: { folder, target: database } };
}

test('up, down, up gives the same schema, and down to nothing leaves only the tables of migrations', async () => {
  const { database, options } = await scene();
  const report = await migrate(options);
  expect([report.from, report.version, report.ran.map(({ statements }) => statements)]).toEqual([
    null,
    4n,
    [3, 4, 2, 2],
  ]);
  const first = await schemaDump(database);
  expect(first.join('\n')).toContain('users_role');
  expect(await versionOf(database)).toBe('4 false');
  await migrateTo(options, { kind: 'down', count: 'all' });
  expect(await versionOf(database)).toBe('');
  const left = await database.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  );
  expect(left.rows.map(({ relname }) => relname)).toEqual([
    'crossfade_migration_lease',
    'crossfade_migrations',
    'schema_migrations',
  ]);
  expect(left.rows).toHaveLength(3);
  await migrate(options);
  expect(await schemaDump(database)).toEqual(first);
  expect((await database.query('select email, role from users order by email')).rows).toHaveLength(3);
});

test('a second call finds nothing to do, with one question to the server and no down file', async () => {
  const { folder, options } = await scene();
  await migrate(options);
  const asked = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => asked.mockRestore());
  await connected(options.target);
  const connecting = asked.mock.calls.length;
  writeFileSync(join(folder, '000001_users.down.sql'), 'SELECT 1\0');
  expect(await migrate(options)).toMatchObject({ from: 4n, version: 4n, ran: [] });
  expect(asked.mock.calls.length - connecting).toBe(connecting + 1);
  // It counts where it is on the way, and the one of a file that is about to run.
  expect((await refusal(migrateTo(options, { kind: 'down', count: 'all' }))).code).toBe('E_MIGRATION_FILES');
  writeFileSync(join(folder, '000005_last.up.sql'), 'CREATE TABLE last ();');
  writeFileSync(join(folder, '000005_last.down.sql'), 'SELECT 1\0');
  expect((await refusal(migrate(options))).message).toContain('000005_last.down.sql: it holds a NUL');
  expect(await versionOf(options.target)).toBe('4 false');
});

test('N files up, N files down, to a version, and the last one again', async () => {
  const { database, options } = await scene();
  const versions = [];
  for (const goal of [
    { kind: 'up', count: 2 },
    { kind: 'goto', version: 4n },
    { kind: 'redo' },
    { kind: 'down', count: 1 },
    { kind: 'goto', version: 1n },
    { kind: 'goto', version: 1n },
  ] as const) {
    const { ran } = await migrateTo(options, goal);
    versions.push([
      await versionOf(database),
      ran.map(({ version, direction }) => `${direction} ${version}`).join(' '),
    ]);
  }
  expect(versions).toEqual([
    ['2 false', 'up 1 up 2'],
    ['4 false', 'up 3 up 4'],
    ['4 false', 'down 4 up 4'],
    ['3 false', 'down 4'],
    ['1 false', 'down 3 down 2'],
    ['1 false', ''],
  ]);
  expect((await refusal(migrateTo(options, { kind: 'goto', version: 9n }))).code).toBe('E_MIGRATION_MISSING');
});

test('the history keeps what ran, when, for how long, and who ran it', async () => {
  const { database, options } = await scene();
  const now = async () => (await database.query('select clock_timestamp() as now')).rows[0].now as Date;
  const before = await now();
  await migrate(options);
  await migrateTo(options, { kind: 'down', count: 1 });
  const after = await now();
  const { rows } = await database.query('select * from crossfade_migrations order by id');
  for (const { applied_at: at, duration_ms: durationMs } of rows) {
    expect(at >= before && at <= after).toBe(true);
    expect(Number(durationMs)).toBeGreaterThanOrEqual(0);
    expect(Number(durationMs)).toBeLessThanOrEqual(after.getTime() - before.getTime() + 1);
  }
  expect(
    rows.map(({ version, direction, statements, result }) => `${direction} ${version} ${statements} ${result}`),
  ).toEqual(['up 1 3 1', 'up 2 4 2', 'up 3 2 3', 'up 4 2 4', 'down 4 1 3']);
  expect(rows[0].sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(rows[0].applied_by).toMatch(/^\w+, \w+@/);
});

describe('what is refused before anything runs', () => {
  test('a file that changed after having run, by name; redo takes it, since it undoes it first', async () => {
    const { database, folder, options } = await scene();
    await migrateTo(options, { kind: 'up', count: 2 });
    writeFileSync(join(folder, '000002_touch.up.sql'), 'SELECT 1;');
    const error = await refusal(migrate(options));
    expect([error.code, error.message]).toEqual([
      'E_MIGRATION_CHANGED',
      expect.stringContaining('000002_touch.up.sql'),
    ]);
    expect(await versionOf(database)).toBe('2 false');
    expect((await migrateTo(options, { kind: 'redo' })).ran).toHaveLength(2);
  });

  test('force takes changed files as they are, and names them', async () => {
    const { folder, options } = await scene();
    await migrateTo(options, { kind: 'up', count: 2 });
    writeFileSync(join(folder, '000001_users.up.sql'), 'SELECT 1;');
    expect((await force(options, 2n)).accepted).toEqual([join(folder, '000001_users.up.sql')]);
    expect((await migrate(options)).version).toBe(4n);
  });

  test('a version without a file', async () => {
    const { folder, options } = await scene();
    await migrate(options);
    rmSync(join(folder, '000004_seed.up.sql'));
    rmSync(join(folder, '000004_seed.down.sql'));
    const error = await refusal(migrate(options));
    expect([error.code, error.message]).toEqual(['E_MIGRATION_MISSING', expect.stringContaining('version 4 (seed)')]);
  });

  test('a file that came later with a lower number, which would be left out for ever', async () => {
    const { '000002_touch': late, ...rest } = shop;
    const { folder, options } = await scene({ '000001_users': rest['000001_users'], '000003_x': ['SELECT 1;', ''] });
    await migrate(options);
    writeFileSync(join(folder, '000002_touch.up.sql'), late[0]);
    const error = await refusal(migrate(options));
    expect([error.code, error.message]).toEqual([
      'E_MIGRATION_CHANGED',
      expect.stringContaining('000002_touch.up.sql never ran'),
    ]);
  });

  test('a missing half on the way', async () => {
    const { database, options } = await scene({ '1_a.up.sql': 'CREATE TABLE a ();', '2_b.down.sql': '' });
    expect((await refusal(migrate(options))).message).toContain('2_b has no .up.sql');
    expect(await versionOf(database)).toBe('');
    await migrateTo(options, { kind: 'up', count: 1 });
    expect((await refusal(migrateTo(options, { kind: 'down', count: 1 }))).message).toContain('1_a has no .down.sql');
  });

  test.each([
    ['COMMIT', 'SELECT 1;\nCOMMIT;', '2:1'],
    ['BEGIN', 'BEGIN;\nSELECT 1;', '1:1'],
    ['two transactions', 'BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;', '3:1'],
    ['a statement behind the COMMIT', 'BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;', '1:1'],
    ['an isolation level', 'BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;', '1:1'],
    ['a COMMIT that opens another', 'BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;', '1:1'],
    ['a ROLLBACK at the end', 'BEGIN;\nSELECT 1;\nROLLBACK;', '1:1'],
    ['an index CONCURRENTLY', 'SELECT 1;\n  CREATE INDEX CONCURRENTLY ON t (x);', '2:3'],
    ['VACUUM', 'VACUUM;', '1:1'],
    ['CREATE DATABASE', 'CREATE DATABASE x;', '1:1'],
    ['REINDEX CONCURRENTLY', 'REINDEX INDEX CONCURRENTLY x;', '1:1'],
    ['DETACH PARTITION CONCURRENTLY', 'ALTER TABLE a DETACH PARTITION b CONCURRENTLY;', '1:1'],
    ['ALTER SYSTEM', "ALTER SYSTEM SET work_mem = '1MB';", '1:1'],
  ])('%s in a file with a transaction, with the directive that it needs', async (_name, sql, at) => {
    const { database, folder, options } = await scene({ '1_a.up.sql': 'CREATE TABLE a ();', '2_b.up.sql': sql });
    const { code, message } = await refusal(migrate(options));
    expect(code).toBe('E_MIGRATION_UNFIT');
    expect(message).toContain(`${join(folder, '2_b.up.sql')}:${at}: `);
    expect(message).toContain('-- crossfade: no-transaction');
    expect(await versionOf(database)).toBe('');
  });

  test('a transaction that a file without one leaves open, and COPY to nowhere', async () => {
    for (const sql of [`${noTransaction}BEGIN;\nSELECT 1;`, 'COPY t TO STDOUT;']) {
      const { options } = await scene({ '1_a.up.sql': sql });
      expect((await refusal(migrate(options))).code).toBe('E_MIGRATION_UNFIT');
    }
  });

  test('a syntax error in the last file', async () => {
    const { database, options } = await scene({
      '1_a.up.sql': 'CREATE TABLE a ();',
      '2_b.up.sql': 'CREAT TABLE b ();',
    });
    expect(await refusal(migrate(options))).toMatchObject({
      code: 'E_MIGRATION_SYNTAX',
      facts: { line: 1, column: 1 },
    });
    expect(await versionOf(database)).toBe('');
  });

  test("another tool's table of the same name", async () => {
    const { database, options } = await scene();
    await database.query('create table schema_migrations (version varchar(255) primary key)');
    expect((await refusal(migrate(options))).code).toBe('E_MIGRATION_STATE');
  });
});

test.each(['BEGIN', 'BEGIN TRANSACTION', 'START TRANSACTION'])(
  'a file between its own %s and COMMIT, as golang-migrate has it, is one transaction with its version',
  async (begin) => {
    const bad = `-- a\n${begin};\nCREATE TABLE b ();\nSELECT nope;\nEND;\n-- z`;
    const { database, options } = await scene({
      '1_a.up.sql': `-- a\n${begin};\nCREATE TABLE a ();\nCREATE INDEX ON a ((1));\nCOMMIT;\n`,
      '2_b.up.sql': bad,
    });
    expect(await refusal(migrate(options))).toMatchObject({ code: 'E_MIGRATION_FAILED', facts: { line: 4 } });
    expect(await versionOf(database)).toBe('1 false');
    expect((await database.query("select to_regclass('a') as a, to_regclass('b') as b")).rows).toEqual([
      { a: 'a', b: null },
    ]);
  },
);

test('savepoints stay within a transaction, and so do statements that only look like the forbidden ones', async () => {
  const sql =
    'CREATE TABLE t (x int);\nSAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; RELEASE a;\nCREATE INDEX ON t (x); REINDEX TABLE t; ANALYZE t; DO $$ BEGIN PERFORM 1; END $$;';
  const { options } = await scene({ '1_a.up.sql': sql });
  expect((await migrate(options)).ran[0]?.statements).toBe(9);
});

describe("golang-migrate's database", () => {
  async function golang(version: number, dirty = false) {
    const scenery = await scene();
    await scenery.database.query(
      'create table schema_migrations (version bigint not null primary key, dirty boolean not null)',
    );
    await scenery.database.query('insert into schema_migrations values ($1, $2)', [version, dirty]);
    return scenery;
  }

  test('is taken over: its version counts as applied, checksums unknown', async () => {
    const { database, options } = await golang(1);
    await database.query(shop['000001_users'][0]);
    expect((await migrationStatus(options)).migrations.map(({ standing }) => standing)).toEqual([
      'applied',
      'pending',
      'pending',
      'pending',
    ]);
    expect((await migrate(options)).ran).toHaveLength(3);
    expect(
      (await database.query('select direction, sha256 from crossfade_migrations order by id limit 1')).rows,
    ).toEqual([{ direction: 'adopt', sha256: null }]);
    expect((await migrate(options)).ran).toEqual([]);
  });

  test('that it goes on with after us is taken over again', async () => {
    const { database, options } = await scene();
    await migrateTo(options, { kind: 'up', count: 1 });
    await database.query(shop['000002_touch'][0]);
    await database.query('update schema_migrations set version = 2');
    expect((await migrate(options)).ran.map(({ version }) => version)).toEqual([3n, 4n]);
  });

  test('that it left dirty is refused with the command, and repaired by it', async () => {
    const { database, options } = await golang(1, true);
    const error = await refusal(migrate(options));
    expect([error.code, error.message]).toEqual([
      'E_MIGRATION_DIRTY',
      expect.stringContaining('crossfade migrate force 1'),
    ]);
    await database.query(shop['000001_users'][0]);
    expect(await force(options, 1n)).toMatchObject({ from: 1n, wasDirty: true, version: 1n });
    expect((await migrate(options)).version).toBe(4n);
  });
});

test('a look leaves no trace in the database', async () => {
  const { database, options } = await scene();
  const { steps } = await planTo(options, { kind: 'up' });
  expect(steps).toHaveLength(4);
  expect((await migrationStatus(options)).version).toBeNull();
  expect((await database.query("select 1 from pg_class where relnamespace = 'public'::regnamespace")).rows).toEqual([]);
});

test('a schema of its own holds the tables of migrations, and plain names lead there', async () => {
  const { database, options } = await scene();
  await migrate({ ...options, schema: 'App "x"' });
  expect(await versionOf(database, 'App ""x""')).toBe('4 false');
  expect((await database.query('select count(*)::int as n from "App ""x""".users')).rows).toEqual([{ n: 3 }]);
  expect((await migrate({ ...options, schema: 'App "x"' })).ran).toEqual([]);
});

describe('what a file sets ends with it', () => {
  const look =
    "INSERT INTO seen SELECT current_setting('search_path'), current_setting('work_mem'), current_user = session_user, to_regclass('pg_temp.t') IS NULL;";
  test.each([
    ['a transaction', ''],
    ['no transaction', noTransaction],
  ])('with %s', async (_name, mark) => {
    const { database, options } = await scene({
      '1_seen.up.sql': 'CREATE TABLE seen (path text, work_mem text, role boolean, temp boolean);',
      '2_set.up.sql': `${mark}SET search_path = ''; SET work_mem = '77MB'; CREATE TEMP TABLE t (x int);\nSELECT pg_catalog.set_config('DateStyle', 'SQL', false);\nSET ROLE pg_monitor;`,
      '3_look.up.sql': look,
      '4_look.up.sql': `${noTransaction}${look}`,
    });
    await migrate(options);
    const { rows } = await database.query('select distinct * from public.seen');
    expect(rows).toEqual([{ path: 'public', work_mem: expect.not.stringContaining('77'), role: true, temp: true }]);
  });
});

test('an error says statement, line and column, and what PostgreSQL says; the file is rolled back', async () => {
  const { database, folder, options } = await scene({
    '1_a.up.sql': 'CREATE TABLE a (x int);',
    '2_b.up.sql': "-- é\nCREATE TABLE b ();\n\nINSERT INTO a\n  SELECT '😀', nope FROM a;",
  });
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({
    code: 'E_MIGRATION_FAILED',
    facts: { path: join(folder, '2_b.up.sql'), line: 5, column: 15, statement: 2, statements: 2, sqlstate: '42703' },
  });
  expect(error.message).toContain(
    ':5:15: statement 2 of 2 failed: column "nope" does not exist (SQLSTATE 42703). The file was rolled back',
  );
  expect(await versionOf(database)).toBe('1 false');
  expect((await database.query("select to_regclass('b') as b")).rows).toEqual([{ b: null }]);
});

test('an error in COPY data says the line of the file', async () => {
  const { options } = await scene({ '1_a.up.sql': 'CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n2\nsecret\n\\.\n' });
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({ code: 'E_MIGRATION_FAILED', facts: { line: 5, sqlstate: '22P02' } });
  expect(error.message).not.toContain('secret');
});

test.each([
  ['with a semicolon between its values', "COPY a FROM stdin DELIMITER ';';\n", 3],
  ['behind a comment', "COPY a FROM stdin DELIMITER E';' -- a;\n; -- b;\n", 4],
])('COPY %s loads its rows, and its errors have their line', async (_, copy, line) => {
  const { database, options } = await scene({
    '1_a.up.sql': 'CREATE TABLE a (x int, y int);',
    '2_b.up.sql': `${copy}1;2\n3;4\n\\.\n`,
    '3_c.up.sql': `${copy}5;6\nx;8\n\\.\n`,
  });
  expect(await refusal(migrate(options))).toMatchObject({ code: 'E_MIGRATION_FAILED', facts: { line } });
  expect((await database.query('select x, y from a order by x')).rows).toEqual([
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ]);
});

test('an error never shows what stands in a row', async () => {
  const { options } = await scene({
    '1_a.up.sql': "CREATE TABLE a (x text); INSERT INTO a VALUES ('se' || 'cret');",
    '2_b.up.sql': 'ALTER TABLE a ALTER x TYPE int USING x::int;',
    '3_c.up.sql': "DO $$ BEGIN RAISE EXCEPTION 'bad: %', (SELECT x FROM a); END $$;",
    '4_d.up.sql': "DO $$ BEGIN RAISE EXCEPTION 'no rows yet'; END $$;",
  });
  for (const [version, words] of [
    [1n, '"…"'],
    [2n, 'may hold values'],
    [3n, 'no rows yet'],
  ] as const) {
    if (version === 1n) await migrateTo(options, { kind: 'up', count: 1 });
    else await force(options, version);
    const error = await refusal(migrate(options));
    expect(error.message).toContain(words);
    expect(JSON.stringify([error.message, Object.values(error.facts).map(String)])).not.toContain('secret');
  }
});

test('a constraint that was put off is checked at the end of its own file', async () => {
  const { database, options } = await scene({
    '1_a.up.sql': 'CREATE TABLE a (x int PRIMARY KEY, y int REFERENCES a DEFERRABLE INITIALLY DEFERRED);',
    '2_b.up.sql': 'INSERT INTO a VALUES (1, 2);',
  });
  expect(await refusal(migrate(options))).toMatchObject({ code: 'E_MIGRATION_FAILED', facts: { sqlstate: '23503' } });
  expect(await versionOf(database)).toBe('1 false');
});
