import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connected, refusal, until } from '../../../test/harness/connections.ts';
import { clusterOfFile } from '../../../test/harness/cluster.ts';
import { freshDatabase, query, type TestDatabase } from '../../../test/harness/postgres.ts';
import { sampled } from '../../../test/harness/sample.ts';
import { clinic, inSchema, migrated, migrationsFolder } from '../../../test/support/drift.ts';
import type { Target } from '../../pg/target.ts';
import { describeSchema } from './describe.ts';
import { diffSchemas } from './diff.ts';
import { verifySchema } from './verify.ts';

/** Two ways of one thing, of which the second asks for less: that a role without the right to databases takes it is a test of its own. */
const ways = sampled(['database', 'schema'] as const, 2);

/** Throwaways of this server: databases, and schemas of one database. */
async function throwaways(database: Target): Promise<unknown[]> {
  const { rows } = await query(
    database,
    `SELECT datname AS name FROM pg_database WHERE datname ~ '^crossfade_drift_'
     UNION ALL SELECT nspname FROM pg_namespace WHERE nspname ~ '^crossfade_drift_'`,
  );
  return rows;
}

const cluster = clusterOfFile();

/** A server without throwaways of other tests, and a database on it. */
async function ownServer(): Promise<TestDatabase> {
  const { target } = cluster();
  await query(target, 'CREATE DATABASE app');
  onTestFinished(() => emptied(target));
  const app: Target = { ...target, database: 'app', display: `${target.display} app` };
  return { ...app, query: (sql, values) => query(app, sql, values), drop: () => Promise.resolve() };
}

/** As it was made: without databases or roles of a test. */
async function emptied(server: Target): Promise<void> {
  const { rows } = await query<{ statement: string }>(
    server,
    `SELECT format('DROP DATABASE %I WITH (FORCE)', datname) AS statement FROM pg_database
       WHERE datname <> 'postgres' AND NOT datistemplate
     UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname <> 'postgres' AND rolname !~ '^pg_'`,
  );
  for (const { statement } of rows) await query(server, statement);
}

/** A role that may log in and own the schema, and no more. */
async function ownerRole(database: TestDatabase, schema: string): Promise<Target> {
  await database.query(`CREATE ROLE owner LOGIN PASSWORD 'secret';
    CREATE SCHEMA IF NOT EXISTS ${schema}; ALTER SCHEMA ${schema} OWNER TO owner`);
  return { ...database, user: 'owner', password: 'secret' };
}

test.each(ways)('equal schemas give no finding when the files run in a throwaway %s', async (build) => {
  const target = await freshDatabase();
  for (const schema of ['public', 'app', 'Odd "name']) {
    const folder = migrationsFolder(clinic);
    await target.query(`CREATE SCHEMA IF NOT EXISTS "${schema.replaceAll('"', '""')}"`);
    await migrated(target, schema.replaceAll('"', '""'));
    const report = await verifySchema({ target, folder, schema, build, privileges: true });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, version: 4n, built: build });
  }
});

test.each(ways)('a difference is found just so when the files run in a throwaway %s', async (build) => {
  const target = await freshDatabase();
  await migrated(target, 'app');
  await inSchema(target, 'app', `CREATE INDEX fast ON visits (room); COMMENT ON FUNCTION touch() IS 'x'`);
  const report = await verifySchema({ target, folder: migrationsFolder(clinic), schema: 'app', build });
  expect(report).toMatchObject({ verdict: 'drift', exitCode: 1 });
  expect(report.findings.flatMap(({ sql }) => sql)).toEqual(['DROP INDEX fast', 'COMMENT ON FUNCTION touch() IS NULL']);
});

test('files above the version of the database are not run', async () => {
  const target = await freshDatabase();
  await migrated(target, 'app', clinic.slice(0, 2));
  const folder = migrationsFolder([...clinic, { name: '000005_broken', up: 'SELECT * FROM nothing' }]);
  expect(await verifySchema({ target, folder, schema: 'app' })).toMatchObject({ verdict: 'equal', version: 2n });
});

test('before the first migration everything in the schema is no file’s', async () => {
  const target = await freshDatabase();
  await target.query('CREATE TABLE stray (a int)');
  const report = await verifySchema({ target, folder: migrationsFolder(clinic) });
  expect(report.version).toBeNull();
  expect(report.findings.map(({ change, object }) => [change, object])).toEqual([['extra', 'stray']]);
});

test('up, down and up again have the same description, and down leaves nothing', async () => {
  const database = await freshDatabase();
  const client = await connected(database);
  await migrated(database, 'app');
  const first = await describeSchema(client, 'app', { privileges: true });
  for (const { down } of clinic.toReversed()) await inSchema(database, 'app', down);
  expect((await describeSchema(client, 'app')).objects).toEqual([]);
  for (const { up } of clinic) await inSchema(database, 'app', up);
  expect(await describeSchema(client, 'app', { privileges: true })).toEqual(first);
});

test('what the user put into the schema is not called while it is described', async () => {
  const database = await freshDatabase();
  await migrated(database, 'app');
  await inSchema(
    database,
    'app',
    `CREATE FUNCTION evil(name, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
     CREATE OPERATOR = (LEFTARG = name, RIGHTARG = text, FUNCTION = evil);
     CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
     CREATE FUNCTION format(text, name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END'`,
  );
  const { objects } = await describeSchema(await connected(database), 'app');
  expect(objects.map(({ name }) => name)).toContain('evil(name, text)');
});

test('owners and grants are compared when they are asked for', async () => {
  const target = await ownServer();
  await target.query('CREATE ROLE reader');
  const grants = {
    name: '000005_grants',
    up: 'GRANT SELECT ON people TO reader; GRANT SELECT (at) ON visits TO reader',
  };
  const all = [...clinic, grants];
  await migrated(target, 'app', all);
  await inSchema(
    target,
    'app',
    `REVOKE SELECT ON people FROM reader; GRANT INSERT ON people TO reader; ALTER TABLE visits OWNER TO reader;
     REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC; REVOKE SELECT (at) ON visits FROM reader`,
  );
  const folder = migrationsFolder(all);
  expect(await verifySchema({ target, folder, schema: 'app' })).toMatchObject({ verdict: 'equal' });
  const report = await verifySchema({ target, folder, schema: 'app', privileges: true });
  const statements = report.findings.flatMap(({ sql }) => sql);
  expect(statements).toEqual(
    expect.arrayContaining([
      'GRANT EXECUTE ON FUNCTION touch() TO PUBLIC',
      'REVOKE INSERT ON TABLE people FROM reader',
      'GRANT SELECT ON TABLE people TO reader',
      'ALTER TABLE visits OWNER TO postgres',
      'GRANT SELECT (at) ON TABLE visits TO reader',
    ]),
  );
  for (const statement of statements) await inSchema(target, 'app', statement);
  expect(await verifySchema({ target, folder, schema: 'app', privileges: true })).toMatchObject({ findings: [] });
});

test('a role that may create no database builds in a schema, and nothing of it stays', async () => {
  const database = await ownServer();
  const target = await ownerRole(database, 'app');
  await migrated(database, 'app');
  await database.query('GRANT SELECT ON ALL TABLES IN SCHEMA app TO owner');
  await database.query('GRANT CREATE ON DATABASE app TO owner');
  const folder = migrationsFolder([
    ...clinic,
    {
      name: '000005_late',
      up: '-- crossfade: no-transaction\nCREATE INDEX CONCURRENTLY late ON visits (at);\nVACUUM visits;',
    },
  ]);
  await inSchema(database, 'app', 'CREATE INDEX late ON visits (at); UPDATE schema_migrations SET version = 5');
  const report = await verifySchema({ target, folder, schema: 'app' });
  expect(report).toMatchObject({ verdict: 'equal', built: 'schema', passedOver: [{ line: 3 }] });
  expect(await throwaways(database)).toEqual([]);
});

test('a role without rights is told what it needs, and nothing is done', async () => {
  const database = await ownServer();
  const target = await ownerRole(database, 'app');
  await migrated(database, 'app');
  const folder = migrationsFolder(clinic);
  expect(await refusal(verifySchema({ target, folder, schema: 'app' }))).toMatchObject({ code: 'E_TARGET_RIGHTS' });
  await database.query('GRANT SELECT ON ALL TABLES IN SCHEMA app TO owner');
  expect(await refusal(verifySchema({ target, folder, schema: 'app' }))).toMatchObject({
    code: 'E_TARGET_RIGHTS',
    message: expect.stringContaining('CREATEDB'),
  });
  expect(await refusal(verifySchema({ target, folder, schema: 'app', build: 'database' }))).toMatchObject({
    code: 'E_TARGET_RIGHTS',
  });
  await database.query('REVOKE ALL ON SCHEMA app FROM owner; ALTER SCHEMA app OWNER TO postgres');
  expect(await refusal(describeSchema(await connected(target), 'app'))).toMatchObject({ code: 'E_TARGET_RIGHTS' });
});

test.each([
  ['in public by name', 'ALTER TABLE public.people ADD extra int'],
  ['in public by its path', 'SET search_path = public'],
  ['by set_config', `SELECT set_config('search_path', 'public', false)`],
  ['of the schema itself', 'DROP SCHEMA public CASCADE'],
  ['in another schema', 'CREATE TABLE away (a int REFERENCES other.t)'],
  ['by a statement made at run time', `DO $$ BEGIN EXECUTE 'ALTER TABLE pub' || 'lic.people ADD extra int'; END $$`],
  ['by ending the transaction', 'CREATE TABLE a (); ROLLBACK; CREATE TABLE b ()'],
])('a file that reaches out of the throwaway schema is refused: %s', async (_, up) => {
  const target = await freshDatabase();
  const all = [...clinic, { name: '000005_out', up }];
  await migrated(target, 'public');
  await target.query(
    'CREATE SCHEMA other; CREATE TABLE other.t (a int PRIMARY KEY); UPDATE schema_migrations SET version = 5',
  );
  const client = await connected(target);
  const before = await describeSchema(client, 'public');
  const refused = await refusal(verifySchema({ target, folder: migrationsFolder(all), build: 'schema' }));
  expect(refused).toMatchObject({ code: 'E_MIGRATION_UNFIT', facts: { path: expect.stringMatching(/000005_out/) } });
  expect(await describeSchema(client, 'public')).toEqual(before);
});

test('statements for the whole server are passed over, and named', async () => {
  const target = await freshDatabase();
  const roles = {
    name: '000005_roles',
    up: `SELECT 1;\nCREATE ROLE crossfade_must_not_exist;\nALTER ROLE postgres SET work_mem = '1MB'`,
  };
  await migrated(target, 'app');
  await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 5');
  const folder = migrationsFolder([...clinic, roles]);
  for (const build of ways) {
    const report = await verifySchema({ target, folder, schema: 'app', build });
    expect(report.passedOver.map(({ line }) => line)).toEqual([2, 3]);
  }
  const { rows } = await target.query(`SELECT FROM pg_roles WHERE rolname ~ 'must_not_exist'`);
  expect(rows).toEqual([]);
});

test.each(ways)(
  'a file that fails in a throwaway %s is named with line and statement, and nothing is left',
  async (build) => {
    const target = await ownServer();
    const broken = {
      name: '000005_broken',
      up: `SELECT 1;\n\nINSERT INTO people (email, name)\n  VALUES ('a@b', 'secret value');`,
    };
    await migrated(target, 'app');
    await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 5');
    const failed = await refusal(
      verifySchema({ target, folder: migrationsFolder([...clinic, broken]), schema: 'app', build }),
    );
    expect(failed).toMatchObject({
      code: 'E_MIGRATION_FAILED',
      facts: {
        line: 3,
        sqlstate: '23505',
        statement: 2,
        path: expect.stringMatching(/000005_broken\.up\.sql$/),
      },
    });
    expect(failed.message).not.toContain('secret value');
    expect(await throwaways(target)).toEqual([]);
  },
);

test('COPY data, and a file that manages its own transaction, run as well', async () => {
  const target = await freshDatabase();
  const more = [
    {
      name: '000005_copy',
      up: `COPY people (email, name) FROM STDIN;\nc@d\tcarl\n\\.\nALTER TABLE people ADD CONSTRAINT named CHECK (name <> 'x');`,
    },
    { name: '000006_own', up: 'BEGIN; CREATE TABLE kept (a int); COMMIT;' },
  ];
  await migrated(target, 'app');
  await inSchema(
    target,
    'app',
    `ALTER TABLE people ADD CONSTRAINT named CHECK (name <> 'x'); CREATE TABLE kept (a int); UPDATE schema_migrations SET version = 6`,
  );
  for (const build of ways)
    expect(
      await verifySchema({ target, folder: migrationsFolder([...clinic, ...more]), schema: 'app', build }),
    ).toMatchObject({ findings: [] });
});

test.each(ways)('a server that is lost in the middle is an error, and a throwaway %s does not stay', async (build) => {
  const target = await ownServer();
  const slow = { name: '000005_slow', up: 'SELECT pg_sleep(60)' };
  await migrated(target, 'app');
  await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 5');
  const lost = refusal(verifySchema({ target, folder: migrationsFolder([...clinic, slow]), schema: 'app', build }));
  const sleeping = `FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid()`;
  await until(async () => (await query(target, `SELECT ${sleeping}`)).rows.length === 1);
  await query(target, `SELECT pg_terminate_backend(pid) ${sleeping}`);
  expect(await lost).toMatchObject({ code: 'E_TARGET_LOST' });
  expect(await throwaways(target)).toEqual([]);
});

test.each(ways)('told to stop, it drops the throwaway %s and says so', async (build) => {
  const target = await ownServer();
  const slow = { name: '000005_slow', up: 'SELECT pg_sleep(60)' };
  await migrated(target, 'app');
  await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 5');
  const stop = new AbortController();
  const folder = migrationsFolder([...clinic, slow]);
  const stopped = refusal(verifySchema({ target, folder, schema: 'app', build, signal: stop.signal }));
  await until(
    async () =>
      (await query(target, `SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`)).rows.length === 1,
  );
  stop.abort();
  expect(await stopped).toMatchObject({ code: 'E_INTERRUPTED' });
  await until(async () => (await throwaways(target)).length === 0);
});

test('throwaways of killed runs go after an hour, those of today and of others stay', async () => {
  const target = await ownServer();
  const { rows } = await query(target, 'SELECT extract(epoch FROM now())::bigint AS now');
  const now = Number((rows[0] as { now: string }).now);
  const seconds = (ago: number): number => now - ago;
  const old = `crossfade_drift_${seconds(7_200)}_0123456789abcdef`;
  const young = `crossfade_drift_${seconds(60)}_0123456789abcdef`;
  const used = `crossfade_drift_${seconds(9_000)}_0123456789abcdef`;
  const others = 'crossfade_drift_report';
  for (const name of [old, young, used, others]) await query(target, `CREATE DATABASE ${name}`);
  await connected({ ...target, database: used });
  await migrated(target, 'app');
  await verifySchema({ target, folder: migrationsFolder(clinic), schema: 'app' });
  expect((await throwaways(target)).map((row) => (row as { name: string }).name).sort()).toEqual(
    [young, used, others].sort(),
  );
  await target.query(
    `CREATE ROLE maker LOGIN CREATEDB PASSWORD 'secret'; GRANT USAGE ON SCHEMA app TO maker; GRANT SELECT ON ALL TABLES IN SCHEMA app TO maker`,
  );
  await query(target, `ALTER DATABASE ${young} RENAME TO ${old}`);
  const report = await verifySchema({
    target: { ...target, user: 'maker', password: 'secret' },
    folder: migrationsFolder(clinic),
    schema: 'app',
  });
  expect(report).toMatchObject({ verdict: 'equal', leftovers: [old] });
});

test('a version without its file, a dirty version and a changed folder are refused', async () => {
  const target = await freshDatabase();
  await migrated(target, 'app');
  const folder = migrationsFolder(clinic);
  const verify = () => verifySchema({ target, folder, schema: 'app' });
  await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 9');
  expect(await refusal(verify())).toMatchObject({ code: 'E_MIGRATION_MISSING' });
  await inSchema(target, 'app', 'UPDATE schema_migrations SET version = 4, dirty = true');
  expect(await refusal(verify())).toMatchObject({ code: 'E_MIGRATION_DIRTY' });
  await inSchema(target, 'app', 'UPDATE schema_migrations SET dirty = false');
  const [path = ''] = readdirSync(folder).filter((name) => name.startsWith('000004') && name.endsWith('up.sql'));
  writeFileSync(join(folder, path), readFileSync(join(folder, path), 'utf8').replace('7 days', '8 days'));
  const { findings } = await verify();
  expect(findings.map(({ kind, object }) => `${kind} ${object}`)).toEqual(['view recent']);
  renameSync(join(folder, path), join(folder, '000004_views.up.sql.txt'));
  expect(await refusal(verify())).toMatchObject({ code: 'E_MIGRATION_MISSING' });
});

test('descriptions with and without privileges are not compared', async () => {
  const client = await connected(await freshDatabase());
  const bare = await describeSchema(client, 'public');
  const full = await describeSchema(client, 'public', { privileges: true });
  expect(() => diffSchemas(bare, full)).toThrow(TypeError);
});
