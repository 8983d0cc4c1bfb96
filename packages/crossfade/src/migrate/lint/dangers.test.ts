import { describe, expect, test } from 'vitest';
import { codesOf, folderOf, lintSql } from '../../../test/lint/lint-sql.ts';
import { readMigrations } from '../files.ts';
import { lint } from './lint.ts';

const users = 'CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, CHECK (length(name) < 90));';

describe('rows that no condition spares', () => {
  test.each([
    'DELETE FROM users;',
    'DELETE FROM users WHERE true;',
    'DELETE FROM users WHERE 1 = 1;',
    "DELETE FROM users WHERE 'a' = 'a' AND NOT false;",
    'DELETE FROM users WHERE id = 5 OR true;',
    'DELETE FROM users WHERE id = id;',
    'DELETE FROM users WHERE id IS NOT NULL;',
    "DELETE FROM users WHERE name LIKE '%';",
    'DELETE FROM users USING orders;',
    'WITH gone AS (DELETE FROM users RETURNING *) INSERT INTO archive SELECT * FROM gone;',
    'EXPLAIN ANALYZE DELETE FROM users;',
    'DO $$ BEGIN DELETE FROM users WHERE true; END $$;',
    'MERGE INTO users u USING orders o ON true WHEN MATCHED THEN DELETE;',
    'MERGE INTO users u USING users s ON u.id = s.id WHEN MATCHED THEN DELETE;',
    'MERGE INTO users u USING orders o ON u.id = o.id WHEN NOT MATCHED BY SOURCE AND true THEN DELETE;',
  ])('%s is delete-all-rows', async (sql) => {
    expect(await codesOf([users, sql])).toEqual(['delete-all-rows']);
  });

  test.each([
    'UPDATE users SET name = NULL WHERE 1 = 1;',
    'UPDATE users SET name = o.name FROM orders o;',
    'MERGE INTO users u USING orders o ON true WHEN MATCHED THEN UPDATE SET name = NULL;',
  ])('%s is write-without-where', async (sql) => {
    expect(await codesOf([users, sql])).toEqual(['write-without-where']);
  });

  test.each([
    'DELETE FROM users WHERE id = 5;',
    'DELETE FROM users WHERE name IS NOT NULL;',
    'DELETE FROM users WHERE 1 = 2;',
    'DELETE FROM users WHERE true AND id = 5;',
    'DELETE FROM users USING orders o WHERE o.user_id = users.id;',
    'DELETE FROM users WHERE NULL = NULL;',
    'MERGE INTO users u USING orders o ON u.id = o.id WHEN MATCHED THEN DELETE;',
    'MERGE INTO users u USING orders o ON true WHEN MATCHED AND u.id = 5 THEN DELETE;',
    'CREATE RULE r AS ON INSERT TO fresh DO ALSO DELETE FROM users;',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM users; END;',
    `${users.replaceAll('users', 'copies')} DELETE FROM copies; UPDATE copies SET name = '' WHERE true; TRUNCATE copies;`,
  ])('%s is neither', async (sql) => {
    const codes = await codesOf([users, sql]);
    expect(codes).not.toContain('delete-all-rows');
    expect(codes).not.toContain('write-without-where');
  });

  test('a down file may empty the table that its up file made', async () => {
    const ups = [users, 'SELECT 1;'];
    const downs = { 1: 'DELETE FROM users; TRUNCATE users; DROP TABLE users;', 2: 'DELETE FROM users;' };
    const { findings } = await lint(readMigrations(folderOf(ups, downs)));
    expect(findings.map(({ code, path }) => [code, path.slice(-15)])).toEqual([['delete-all-rows', '2_step.down.sql']]);
  });
});

describe('a statement that a careful reader would stop at', () => {
  test.each([
    ['ALTER TABLE users DROP CONSTRAINT users_pkey;', 'drop-constraint'],
    ['ALTER TABLE users DROP CONSTRAINT users_email_key;', 'drop-constraint'],
    ['ALTER TABLE old DROP CONSTRAINT nobody_knows;', 'drop-constraint'],
    ['ALTER TYPE place DROP ATTRIBUTE zip CASCADE;', 'drop-attribute'],
    ['ALTER TABLE users ALTER COLUMN full_name SET EXPRESSION AS (a || b);', 'set-expression-rewrites'],
    ['ALTER TABLE users NO FORCE ROW LEVEL SECURITY;', 'row-security-off'],
    ['DROP TRIGGER stamp ON users;', 'trigger-locks'],
    ['ALTER TABLE users ALTER COLUMN id DROP IDENTITY;', 'drop-default'],
    ['ALTER TABLE users ALTER COLUMN name DROP EXPRESSION;', 'drop-default'],
    ['ALTER TABLE users ADD COLUMN a int NOT NULL DEFAULT 1, ALTER COLUMN a DROP DEFAULT;', 'drop-default'],
    ['ALTER TABLE users ALTER COLUMN id RESTART WITH 1;', 'sequence-restarts'],
    ['CREATE TABLE p PARTITION OF events DEFAULT;', 'create-partition-locks'],
    ['ALTER INDEX users_pkey SET TABLESPACE fast;', 'table-moved'],
    ['ALTER TABLE ALL IN TABLESPACE slow SET TABLESPACE fast;', 'table-moved'],
    ['ALTER MATERIALIZED VIEW totals SET ACCESS METHOD heap2;', 'table-moved'],
    ['DELETE FROM pg_catalog.pg_depend WHERE objid = 5;', 'catalog-written'],
    ['REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app;', 'rights-taken'],
    ['ALTER FUNCTION f(int) OWNER TO other;', 'rights-taken'],
    ['DROP ROLE app;', 'drop-object'],
    ['DROP PUBLICATION p;', 'drop-object'],
    ['DROP SUBSCRIPTION s;', 'drop-object'],
    ['ALTER DOMAIN email SET NOT NULL;', 'domain-constraint'],
    ['DROP TABLE users; CREATE TABLE users (id bigint PRIMARY KEY);', 'drop-table'],
    ['ALTER TABLE users DROP COLUMN name; ALTER TABLE users ADD COLUMN name text;', 'drop-column'],
    ["SET lock_timeout = '0'; ALTER TABLE users ADD COLUMN a int;", 'lock-timeout-off'],
    ['RESET ALL; ALTER TABLE users ADD COLUMN a int;', 'lock-timeout-off'],
    ['LOCK TABLE users IN SHARE MODE;', 'lock-table'],
    ['ALTER SCHEMA app RENAME TO app2;', 'rename-object'],
    ["ALTER TYPE state RENAME VALUE 'a' TO 'b';", 'rename-object'],
    ['ALTER VIEW v RENAME TO w;', 'rename-table'],
    ['REINDEX INDEX users_pkey;', 'reindex-blocks'],
    ['ALTER TABLE users SET LOGGED;', 'table-moved'],
    ['ALTER TABLE users DISABLE TRIGGER ALL;', 'trigger-locks'],
    ['REFRESH MATERIALIZED VIEW totals;', 'refresh-blocks'],
    ['ALTER TYPE place ADD ATTRIBUTE zip text CASCADE;', 'attribute-cascades'],
    ['ALTER TYPE place ADD ATTRIBUTE a int, ALTER ATTRIBUTE zip SET DATA TYPE text CASCADE;', 'attribute-cascades'],
    ['ALTER TABLE users NO INHERIT people;', 'no-inherit-hides'],
    ["SELECT setval('users_id_seq', 100);", 'sequence-restarts'],
    ["SELECT pg_catalog.setval('public.users_id_seq'::regclass, 100::bigint, true);", 'sequence-restarts'],
    ["SELECT setval(pg_get_serial_sequence('users', 'id'), 1, false);", 'sequence-restarts'],
    ['BEGIN; ALTER TABLE users ADD COLUMN a int; COMMIT; SELECT 1;', 'transaction-in-file'],
    ['SELECT 1; BEGIN; ALTER TABLE users ADD COLUMN a int; COMMIT;', 'transaction-in-file'],
    ['BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;', 'transaction-in-file'],
    ['BEGIN; SELECT 1; ROLLBACK;', 'transaction-in-file'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;', 'transaction-in-file'],
    ['BEGIN; SELECT 1; COMMIT AND CHAIN;', 'transaction-in-file'],
  ])('%s is %s', async (sql, code) => {
    expect(await codesOf([users, sql])).toContain(code);
  });

  test('a unique index that is dropped for good is one too, and one that is built again is not', async () => {
    const ups = [users, '-- crossfade: no-transaction\nCREATE UNIQUE INDEX users_name ON users (name);'];
    const gone = '-- crossfade: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS users_name;';
    expect(await codesOf([...ups, gone])).toContain('drop-constraint');
    const again = `${gone}\nCREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name, id);`;
    expect(await codesOf([...ups, again])).not.toContain('drop-constraint');
  });

  test('an index of a partitioned table is built partition by partition, and the safe form says how', async () => {
    const events = 'CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);';
    const { findings } = await lintSql([events, 'CREATE INDEX ON events USING brin (at) WHERE id > 5;']);
    const found = findings.filter(({ code }) => code === 'create-index-blocks');
    expect(found.map(({ safe }) => safe)).toEqual([
      expect.stringContaining('CREATE INDEX events_at_idx ON ONLY events USING brin (at) WHERE id > 5;'),
    ]);
    expect(await codesOf([events, 'CREATE INDEX events_at_idx ON ONLY events (at);'])).toEqual([]);
  });

  test('the bounds of a partition are kept by the safe form, without what follows them', async () => {
    const sql = 'CREATE TABLE p PARTITION OF events FOR VALUES WITH (MODULUS 4, REMAINDER 0) PARTITION BY LIST (a);';
    const { findings } = await lintSql([sql]);
    expect(findings.at(-1)?.safe).toContain('ATTACH PARTITION p FOR VALUES WITH (MODULUS 4, REMAINDER 0);');
  });
});

describe('what looks like it and harms nobody', () => {
  test.each([
    ['ALTER TABLE users DROP CONSTRAINT users_name_check;'],
    ['ALTER TABLE users DROP CONSTRAINT users_email_key, ADD CONSTRAINT users_email_key UNIQUE USING INDEX i;'],
    ['ALTER TABLE users ADD COLUMN a int DEFAULT 1; ALTER TABLE users ALTER COLUMN a DROP DEFAULT;'],
    ['ALTER TABLE users ALTER COLUMN name SET DEFAULT 5;'],
    ['LOCK TABLE users IN ACCESS SHARE MODE;'],
    ['CREATE VIEW v AS SELECT 1; CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();'],
    ['CREATE VIEW v AS SELECT 1; ALTER VIEW v RENAME TO w; DROP VIEW w;'],
    ["CREATE TYPE a AS ENUM ('x'); ALTER TYPE a RENAME VALUE 'x' TO 'y'; ALTER TYPE a RENAME TO b;"],
    [`CREATE TYPE a AS ENUM ('x'); ALTER TYPE a ADD VALUE 'y' BEFORE 'x'; INSERT INTO users (name) VALUES ('y');`],
    ['CREATE SCHEMA a; ALTER SCHEMA a RENAME TO b;'],
    ['CREATE TABLE t (id bigint PRIMARY KEY); CLUSTER t USING t_pkey; REINDEX TABLE t; LOCK TABLE t;'],
    ['CREATE TABLE t (id bigint PRIMARY KEY); REVOKE ALL ON t FROM PUBLIC; ALTER TABLE t OWNER TO app;'],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC;"],
    ['CREATE SEQUENCE s; ALTER SEQUENCE s RESTART WITH 100;'],
    ['CREATE POLICY p ON users USING (true); ALTER TABLE users ENABLE ROW LEVEL SECURITY;'],
    ['ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users USING (true);'],
    ['CREATE TABLE e (id bigint NOT NULL) PARTITION BY LIST (id); CREATE TABLE e1 PARTITION OF e FOR VALUES IN (1);'],
    ['SET lock_timeout = 0; CREATE TABLE t (id bigint PRIMARY KEY); ALTER TABLE t ADD COLUMN a int;'],
    ["SET lock_timeout = '5s'; ALTER TABLE users ADD COLUMN a int;"],
    ["ALTER TABLE users ADD COLUMN a int; INSERT INTO users (name) VALUES ('x');"],
    [
      'ALTER TABLE users ADD COLUMN f text GENERATED ALWAYS AS (name) VIRTUAL; ALTER TABLE users ALTER COLUMN f SET EXPRESSION AS (email);',
    ],
  ])('%s', async (sql) => {
    expect(await codesOf([users, sql])).toEqual([]);
  });

  test('a key whose successor stands already may go', async () => {
    const next = 'ALTER TABLE users ADD CONSTRAINT by_email UNIQUE USING INDEX i;';
    const made = 'CREATE UNIQUE INDEX i ON users (email);';
    expect(await codesOf([users, made + next, 'ALTER TABLE users DROP CONSTRAINT users_email_key;'])).not.toContain(
      'drop-constraint',
    );
  });

  test.each([
    [
      'ALTER TABLE users ENABLE ROW LEVEL SECURITY;',
      'ALTER TABLE users DISABLE ROW LEVEL SECURITY;',
      'row-security-off',
    ],
    ['CREATE POLICY p ON users USING (true);', 'DROP POLICY p ON users;', 'drop-policy'],
    ['GRANT SELECT ON users TO app;', 'REVOKE SELECT ON users FROM app;', 'rights-taken'],
    ['ALTER TABLE users ADD CONSTRAINT f UNIQUE (name);', 'ALTER TABLE users DROP CONSTRAINT f;', 'drop-constraint'],
    ['ALTER TYPE place ADD ATTRIBUTE zip text;', 'ALTER TYPE place DROP ATTRIBUTE zip;', 'drop-attribute'],
  ])('%s is undone by %s, and by itself the other way round it is not', async (up, down, code) => {
    const downCodes = async (other: string): Promise<string[]> => {
      const { findings } = await lint(readMigrations(folderOf([other], { 1: down })));
      return findings.filter(({ path }) => path.endsWith('.down.sql')).map((each) => each.code);
    };
    expect(await downCodes(up)).not.toContain(code);
    expect(await downCodes('SELECT 1;')).toContain(code);
  });

  test('since a version, tables that the later files make are empty, so nothing that locks or scans them is a finding', async () => {
    const made = 'CREATE TABLE t (id bigint NOT NULL, a int);';
    const ups = [
      users,
      made,
      'ALTER TABLE t ADD PRIMARY KEY (id);',
      'CREATE INDEX i ON t (a); LOCK TABLE t; TRUNCATE t;',
    ];
    expect(await codesOf(ups, { since: 1n })).toEqual([]);
    expect(await codesOf(ups)).not.toEqual([]);
  });
});

describe('what the runner takes and nobody has to fear is no finding', () => {
  test.each([
    ['BEGIN; INSERT INTO users (id) VALUES (1); COMMIT;', 'transaction-in-file'],
    ['-- a head\nSTART TRANSACTION;\nSAVEPOINT a; RELEASE a;\nEND; -- a tail', 'transaction-in-file'],
    ['ALTER TYPE place ADD ATTRIBUTE zip text;', 'attribute-cascades'],
    ['CREATE TYPE spot AS (a int); ALTER TYPE spot ADD ATTRIBUTE b int CASCADE;', 'attribute-cascades'],
    ["SELECT setval('users_id_seq', (SELECT max(id) FROM users));", 'sequence-restarts'],
    ["SELECT setval('users_id_seq', greatest(nextval('users_id_seq'), 100));", 'sequence-restarts'],
    ["CREATE TABLE logs (id serial); SELECT setval('public.logs_id_seq', 7);", 'sequence-restarts'],
    ["CREATE SEQUENCE counted; SELECT setval('counted', 7);", 'sequence-restarts'],
    ['CREATE TABLE "Logs" (id serial); SELECT setval(\'"Logs_id_seq"\', 7);', 'sequence-restarts'],
    ['CREATE TABLE logs () INHERITS (users); ALTER TABLE logs NO INHERIT users;', 'no-inherit-hides'],
  ])('%s is not %s', async (sql, code) => {
    expect(await codesOf([users, sql])).not.toContain(code);
  });

  test('a down file may take back the parent that its up file has given', async () => {
    const downs = { 2: 'ALTER TABLE users NO INHERIT people;' };
    const { findings } = await lint(readMigrations(folderOf([users, 'ALTER TABLE users INHERIT people;'], downs)));
    expect(findings.map(({ code }) => code)).not.toContain('no-inherit-hides');
  });
});

describe('a primary key over an index that is there', () => {
  const index = '-- crossfade: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY i ON logs (a, b);';
  const key = 'ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY USING INDEX i;';

  test('reads the table for the columns that may be NULL, and they are named', async () => {
    const { findings } = await lintSql(['CREATE TABLE logs (a bigint NOT NULL, b int);', index, key]);
    const found = findings.filter(({ code }) => code === 'primary-key-scans');
    expect(found).toMatchObject([
      { severity: 'error', reason: expect.stringContaining(' b may be NULL'), safe: expect.stringContaining(key) },
    ]);
  });

  test.each([
    'CREATE TABLE logs (a bigint NOT NULL, b serial);',
    'CREATE TABLE logs (a bigint, b int, CHECK (a IS NOT NULL AND b IS NOT NULL));',
    'CREATE TABLE logs (a bigint, b int, NOT NULL a, NOT NULL b);',
    'CREATE TABLE logs (a bigint, b int, CONSTRAINT old PRIMARY KEY (a, b)); ALTER TABLE logs DROP CONSTRAINT old;',
    'SELECT 1;',
  ])('reads nothing after %s', async (table) => {
    expect(await codesOf([table, index, key])).not.toContain('primary-key-scans');
  });
});

test('an unknown version of since is refused by name, and nothing is judged', async () => {
  const folder = folderOf([users, 'DROP TABLE old;']);
  const refused = lint(readMigrations(folder), { since: 20n });
  await expect(refused).rejects.toMatchObject({ code: 'E_MIGRATION_MISSING', message: expect.stringContaining('20') });
  expect((await lint(readMigrations(folder), { since: 0n })).findings.map(({ code }) => code)).toContain('drop-table');
});
