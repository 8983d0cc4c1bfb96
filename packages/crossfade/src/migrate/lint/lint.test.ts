import { describe, expect, test } from 'vitest';
import { codesOf, folderOf, lintSql } from '../../../test/lint/lint-sql.ts';
import { readMigrations } from '../files.ts';
import { lint } from './lint.ts';

const users = 'CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20), price numeric(10, 2), at timestamptz(3));';
const quiet = ['varchar-limit'];
const without = (codes: readonly string[]): string[] => codes.filter((code) => !quiet.includes(code));
const later = async (sql: string): Promise<string[]> => without(await codesOf([users, sql]));

describe('a change of type', () => {
  test.each([
    'name TYPE varchar(50)',
    'name TYPE text',
    'name TYPE varchar',
    'name TYPE text USING name::text',
    'price TYPE numeric(12, 2)',
    'price TYPE numeric',
    'at TYPE timestamptz(6)',
    'at TYPE timestamptz',
  ])('%s touches no row, and is no finding', async (change) => {
    expect(await later(`ALTER TABLE users ALTER COLUMN ${change};`)).toEqual([]);
  });

  test.each([
    ['name TYPE varchar(10)', 'change-type-rewrites'],
    ['name TYPE text USING upper(name)', 'change-type-rewrites'],
    ['name TYPE uuid USING name::uuid', 'change-type-rewrites'],
    ['price TYPE numeric(12, 4)', 'change-type-rewrites'],
    ['price TYPE numeric(12, 1)', 'change-type-loses'],
    ['price TYPE bigint', 'change-type-loses'],
    ['at TYPE timestamptz(0)', 'change-type-loses'],
    ['at TYPE date', 'change-type-loses'],
    ['unheard_of TYPE text', 'change-type-rewrites'],
  ])('%s is %s', async (change, code) => {
    expect(await later(`ALTER TABLE users ALTER COLUMN ${change};`)).toEqual([code]);
  });

  test('is judged by the type that an earlier change gave', async () => {
    const first = 'ALTER TABLE users ALTER COLUMN name TYPE varchar(50);';
    const second = 'ALTER TABLE users ALTER COLUMN name TYPE varchar(30);';
    expect(without(await codesOf([users, first, second]))).toEqual(['change-type-rewrites']);
  });
});

describe('a table of the same file', () => {
  test('may be altered and indexed, for nobody uses it yet', async () => {
    const sql = `${users} CREATE INDEX ON users (name); ALTER TABLE users ADD CHECK (name <> ''), ALTER COLUMN name SET NOT NULL,
      ADD COLUMN boss bigint REFERENCES users (id); CREATE INDEX ON users (boss); ALTER TABLE users DROP COLUMN price;`;
    expect(without(await codesOf([sql]))).toEqual([]);
  });

  test('that the file has filled still refuses a NOT NULL without a value', async () => {
    const filled = `${users} INSERT INTO users (id) VALUES (1); ALTER TABLE users ADD COLUMN state text NOT NULL;`;
    expect(without(await codesOf([filled]))).toEqual(['add-column-not-null']);
  });

  test('is not the table of that name in another schema', async () => {
    const sql = 'CREATE TABLE audit.users (id bigint PRIMARY KEY); CREATE INDEX i ON public.users (name);';
    expect(await codesOf([sql])).toEqual(['create-index-blocks']);
  });

  test('of an earlier file counts as large and in use', async () => {
    expect(await later('CREATE INDEX users_name_idx ON users (name);')).toEqual(['create-index-blocks']);
  });
});

describe('since a version', () => {
  const files = [users, 'CREATE INDEX a ON users (name);', 'CREATE TABLE orders (id bigint PRIMARY KEY);'];
  const last = 'CREATE INDEX b ON orders (id); CREATE INDEX c ON users (name);';

  test('files up to it are not judged, and what the later ones make is empty and unused', async () => {
    const { findings } = await lintSql([...files, last], { since: 2n });
    const said = findings
      .filter(({ code }) => code !== 'missing-down')
      .map(({ path, column }) => [path.slice(-13), column]);
    expect(said).toEqual([['4_step.up.sql', 32]]);
  });

  test('a table that a later file has filled is not empty any more', async () => {
    const filled = [...files, 'INSERT INTO orders VALUES (1);', 'CREATE INDEX b ON orders (id);'];
    expect(await codesOf(filled, { since: 2n })).toEqual(['create-index-blocks']);
  });
});

describe('a foreign key', () => {
  const orders = 'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));';

  test.each([
    [
      'in a later file',
      [
        '-- crossfade: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON orders (user_id, id);',
      ],
    ],
    [
      'by a unique constraint',
      ['ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i;'].map(
        (sql) => `CREATE UNIQUE INDEX i ON orders (user_id);${sql}`,
      ),
    ],
    ['over the rows that have one', ['CREATE INDEX i ON orders (user_id) WHERE user_id IS NOT NULL;']],
  ])('has its index %s', async (_, more) => {
    expect(await codesOf([users, orders, ...more])).not.toContain('foreign-key-unindexed');
  });

  test.each([
    ['nowhere', []],
    ['that begins with another column', ['CREATE INDEX i ON orders (id, user_id);']],
    ['over some rows', ['CREATE INDEX i ON orders (user_id) WHERE id > 5;']],
    ['that is dropped again', ['CREATE INDEX i ON orders (user_id);', 'DROP INDEX i;']],
    ['of another kind', ['CREATE INDEX i ON orders USING brin (user_id);']],
  ])('has no index, for there is one %s', async (_, more) => {
    expect(await codesOf([users, orders, ...more])).toContain('foreign-key-unindexed');
  });

  test('of a column that is gone needs none', async () => {
    expect(await codesOf([users, orders, 'ALTER TABLE orders DROP COLUMN user_id;'])).toEqual([
      'varchar-limit',
      'drop-column',
    ]);
  });
});

test('what the body of a DO block runs is judged at its own line, a text that is executed too', async () => {
  const sql = `DO $$
BEGIN
  IF true THEN
    DROP TABLE visits;
  END IF;
  EXECUTE 'TRUNCATE users';
END
$$;`;
  const { findings } = await lintSql([sql]);
  expect(findings.map(({ code, line }) => [code, line])).toEqual([
    ['missing-down', 1],
    ['drop-table', 4],
    ['truncate', 6],
    ['several-exclusive-locks', 6],
  ]);
});

test('the body of a function does not run, and is not judged', async () => {
  expect(
    await codesOf(["CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN DROP TABLE users; END';"]),
  ).toEqual([]);
});

test('a volatile function of the folder is one, and a stable one is not', async () => {
  const made = (kind: string): string => `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql ${kind} AS 'SELECT 1';`;
  const added = 'ALTER TABLE orders ADD COLUMN n bigint DEFAULT f();';
  expect(await codesOf([made('VOLATILE'), added])).toEqual(['add-column-volatile-default']);
  expect(await codesOf([made('STABLE'), added])).toEqual([]);
});

test('places count characters and not bytes, and survive data of COPY', async () => {
  const sql =
    'INSERT INTO t VALUES (\'äöü\');\nCOPY t (a) FROM STDIN;\nö\n-- crossfade: allow truncate because\n\\.\n/* é */ ALTER TABLE "ü" DROP COLUMN a;';
  const { findings } = await lintSql([sql]);
  expect(findings.filter(({ code }) => code !== 'missing-down')).toMatchObject([
    { code: 'drop-column', line: 6, column: 9 },
  ]);
});

test('a view that is dropped and made again in one transaction is not gone', async () => {
  const sql = 'DROP VIEW v; CREATE VIEW v AS SELECT 2 AS two;';
  expect(await codesOf([sql])).toEqual([]);
  expect(await codesOf([`-- crossfade: no-transaction\n${sql}`])).toContain('drop-object');
});

test('a down file drops what its up file made, and nothing else', async () => {
  const down = 'DROP TABLE orders; DROP TABLE users;';
  const report = await lint(
    readMigrations(
      folderOf([users, 'CREATE TABLE orders (id bigint PRIMARY KEY);'], { 1: 'DROP TABLE users;', 2: down }),
    ),
  );
  expect(report.findings.filter(({ code }) => code === 'drop-table')).toMatchObject([{ column: 20 }]);
});

test('a silence above a statement holds for that statement alone', async () => {
  const sql = '-- crossfade: allow drop-table because it is empty\nDROP TABLE a;\nDROP TABLE b;';
  const { findings } = await lintSql([sql]);
  expect(findings.filter(({ code }) => code === 'drop-table').map(({ line }) => line)).toEqual([3]);
});

test('a silence in a string, a body or data is text', async () => {
  const sql = "INSERT INTO t VALUES ('\n-- crossfade: allow drop-table because it is text\n');\nDROP TABLE t;";
  expect(await codesOf([sql])).toEqual(['drop-table']);
});

test('a comment to Crossfade inside a statement, or no-transaction behind the first one, is named as without effect', async () => {
  const inside = 'CREATE TABLE t (\n-- crossfade: allow json-type because it is kept\nid bigint PRIMARY KEY);';
  expect(await codesOf([inside])).toEqual(['comment-without-effect']);
  expect(await codesOf(['SELECT 1;\n-- crossfade: no-transaction\nSELECT 2;'])).toEqual(['comment-without-effect']);
});

test('a file with a syntax error is named with its place, and the others are judged all the same', async () => {
  const { findings } = await lintSql(['SELECT 1;\nCREATE TABEL t ();', 'DROP TABLE t;']);
  expect(findings.filter(({ code }) => code !== 'missing-down').map(({ code, line }) => [code, line])).toEqual([
    ['syntax-error', 2],
    ['drop-table', 1],
  ]);
});

test('notes alone do not fail', async () => {
  const made = 'CREATE TABLE t (id bigint PRIMARY KEY, name varchar(5));';
  const report = await lint(readMigrations(folderOf([made], { 1: 'DROP TABLE t;' })));
  expect([report.counts, report.exitCode]).toEqual([{ error: 0, warning: 0, note: 1 }, 0]);
});

test.each([
  [
    'ALTER TABLE o ADD CONSTRAINT "F k" FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL DEFERRABLE, ADD COLUMN b text;',
    'ALTER TABLE o ADD CONSTRAINT "F k" FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL DEFERRABLE NOT VALID;',
  ],
  [
    'ALTER TABLE o ADD COLUMN a bigint REFERENCES u ON UPDATE CASCADE NOT NULL DEFAULT 1;',
    'ALTER TABLE o ADD CONSTRAINT o_a_fkey FOREIGN KEY (a) REFERENCES u ON UPDATE CASCADE NOT VALID;',
  ],
  [
    "ALTER TABLE o ADD CHECK (a IN (1, 2) AND b <> ',') NO INHERIT;",
    "ALTER TABLE o ADD CONSTRAINT o_check CHECK (a IN (1, 2) AND b <> ',') NO INHERIT NOT VALID;",
  ],
  [
    'create unique index on o using btree (lower(a)) where a is not null;',
    'create unique index CONCURRENTLY o_expr_idx on o using btree (lower(a)) where a is not null;',
  ],
])('the safe form of %s keeps all that the statement says', async (sql, safe) => {
  const { findings } = await lintSql([sql]);
  expect(findings.map((each) => each.safe).join('\n')).toContain(safe);
});

test('a seed of twenty thousand statements is judged in one pass', { timeout: 30_000 }, async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `INSERT INTO t (a) VALUES (${index});`).join('\n');
  const { statements, findings } = await lintSql([`${rows}\nDROP TABLE t;`]);
  expect([statements, findings.map(({ code }) => code)]).toEqual([20_001, ['missing-down', 'drop-table']]);
});
