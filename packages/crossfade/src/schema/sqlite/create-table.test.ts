import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { parseCreateTable } from './create-table.ts';

/** Statements that SQLite accepts, and with them the catalog's own view of the same table. */
const accepted = [
  'CREATE TABLE t(a,b)',
  'CREATE TABLE [t] ([a] INTEGER PRIMARY KEY, `b` TEXT, "c""d" x, \'e\' int)',
  'CREATE TABLE "t" (a /* one */ integer -- two\n primary /* three */ key autoincrement not null, -- four, with a comma\n b text)',
  'CREATE TABLE t(id integer, b, PRIMARY KEY("id" AUTOINCREMENT) ON CONFLICT FAIL)',
  'CREATE TABLE t(a UNSIGNED BIG INT, b DECIMAL ( 10 , 2 ), c FLOAT(3,-2), d "long name" , e NATIVE CHARACTER(70), f numeric(+5))',
  'CREATE TABLE t(a int CONSTRAINT n1, b int CONSTRAINT n2 NOT NULL ON CONFLICT IGNORE UNIQUE ON CONFLICT REPLACE, CONSTRAINT n3, CHECK(a>0) CONSTRAINT n4 CHECK (b > 0) PRIMARY KEY (a DESC))',
  "CREATE TABLE t(a DEFAULT (  1 + /* x */ 2  ), b DEFAULT - 5, c DEFAULT foo, d DEFAULT \"x y\", e DEFAULT 'it''s', f DEFAULT TRUE, g DEFAULT +1.5, h DEFAULT (datetime('now')) NOT NULL, i DEFAULT NULL, j DEFAULT -'5', k DEFAULT x'00', l DEFAULT current_timestamp, m DEFAULT [q], n DEFAULT 1_000, o DEFAULT (length(')')))",
  "CREATE TABLE t(a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text AS (a || ')') VIRTUAL, d GENERATED ALWAYS AS (a), e varchar(5) generated always as (a) stored not null)",
  'CREATE TABLE t(a text COLLATE NOCASE NOT NULL, b text collate "RTRIM" default \'x\', PRIMARY KEY (a COLLATE BINARY, b DESC), UNIQUE (b COLLATE NOCASE)) WITHOUT ROWID',
  'CREATE TABLE t(a INT, b TEXT, c ANY) STRICT',
  'CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID, STRICT',
  'CREATE TABLE t(a int, key text, action text, "order" int, "select" int, größe int, 日本 int, _x$ int, abort, temp, replace, cast, like, match, end, left, generated, always, no, current, window, "" int)',
  "CREATE TABLE t(a int null, b int default 5 check (b in (1, 2)) collate nocase unique, c check (c <> ')') check (c))",
  'CREATE TABLE main.t(a int)',
  'CREATE TABLE IF NOT EXISTS t(a int)',
  'CREATE TABLE t AS SELECT 1 AS x, \'a\' AS "y z", CAST(2 AS REAL) AS z',
  'CREATE TABLE t(a int REFERENCES p, b int REFERENCES q(x) ON DELETE SET NULL MATCH FULL ON UPDATE CASCADE NOT DEFERRABLE INITIALLY DEFERRED, c int REFERENCES r DEFERRABLE INITIALLY DEFERRED, d int, CONSTRAINT fk FOREIGN KEY (a, d) REFERENCES s (y, "z z") ON DELETE SET DEFAULT ON UPDATE RESTRICT DEFERRABLE, FOREIGN KEY (d) REFERENCES t ON DELETE NO ACTION)',
];

interface CatalogColumn {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
}

test.each(accepted)('%s is read as SQLite reads it', (sql) => {
  const database = new DatabaseSync(':memory:');
  database.exec(sql);
  const text = (database.prepare("SELECT sql FROM sqlite_schema WHERE name = 't'").get() as { sql: string }).sql;
  const catalog = database.prepare('PRAGMA table_xinfo(t)').all() as unknown as CatalogColumn[];
  const result = parseCreateTable(text);
  if (!result.ok) throw new Error(`${result.why} at ${result.at}`);
  const { value } = result;
  const inKey = (name: string) =>
    (value.primaryKey?.columns.findIndex(({ column }) => column.toLowerCase() === name.toLowerCase()) ?? -1) + 1;
  const list = database.prepare("SELECT wr, strict FROM pragma_table_list WHERE name = 't'").get() as {
    wr: number;
    strict: number;
  };
  // In a STRICT or WITHOUT ROWID table the catalog shows the key's columns as NOT NULL although nobody wrote so.
  const implied = (column: CatalogColumn) => column.pk > 0 && (list.wr === 1 || list.strict === 1);
  expect(
    value.columns.map((c) => [
      c.name,
      c.declared.toLowerCase(),
      c.defaultText,
      inKey(c.name),
      c.generated ? (c.generated.stored ? 3 : 2) : 0,
    ]),
  ).toEqual(catalog.map((c) => [c.name, c.type.toLowerCase(), c.dflt_value, c.pk, c.hidden]));
  expect(value.columns.filter((_, i) => !implied(catalog[i])).map((c) => c.notNull)).toEqual(
    catalog.filter((c) => !implied(c)).map((c) => c.notnull === 1),
  );
  expect([value.withoutRowid, value.strict]).toEqual([list.wr === 1, list.strict === 1]);
  const keys = database.prepare('PRAGMA foreign_key_list(t)').all() as {
    id: number;
    from: string;
    table: string;
    to: string | null;
    on_delete: string;
    on_update: string;
  }[];
  const rows = value.foreignKeys
    .toReversed()
    .flatMap((key) =>
      key.columns.map((from, i) => [from, key.parent, key.parentColumns[i] ?? null, key.onDelete, key.onUpdate]),
    );
  expect(rows).toEqual(keys.map((key) => [key.from, key.table, key.to, key.on_delete, key.on_update]));
  const uniques = database.prepare("SELECT name FROM pragma_index_list('t') WHERE origin = 'u'").all();
  expect(value.uniques.length).toBe(uniques.length);
});

test('what the catalog does not show is read from the text', () => {
  const sql = `CREATE TABLE "t" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    a text CONSTRAINT "a ok" CHECK ( length(a) /* not bytes */ > 1 ) COLLATE nocase,
    b text CONSTRAINT once UNIQUE,
    total AS ( id  *  2 ) stored,
    CONSTRAINT both CHECK (a <> ')' AND b <> '--'),
    CONSTRAINT pair UNIQUE (a COLLATE RTRIM DESC, b)
    CONSTRAINT up FOREIGN KEY (a) REFERENCES p DEFERRABLE INITIALLY DEFERRED
    CHECK (b NOTNULL)
  )`;
  expect(parseCreateTable(sql)).toMatchObject({
    ok: true,
    value: {
      name: 't',
      autoincrement: true,
      checks: [
        { name: 'a ok', expression: 'length(a) /* not bytes */ > 1' },
        { name: 'both', expression: "a <> ')' AND b <> '--'" },
        { name: null, expression: 'b NOTNULL' },
      ],
      columns: [
        { checks: [] },
        { collation: 'nocase', checks: [{ name: 'a ok' }] },
        {},
        { generated: { expression: 'id  *  2', stored: true } },
      ],
      uniques: [
        { name: 'once', columns: [{ column: 'b', collation: null, descending: false }] },
        {
          name: 'pair',
          columns: [
            { column: 'a', collation: 'RTRIM', descending: true },
            { column: 'b', collation: null, descending: false },
          ],
        },
      ],
      foreignKeys: [{ name: 'up', columns: ['a'], parent: 'p', parentColumns: [], deferred: true }],
    },
  });
});

test('columns that ALTER TABLE added are columns like others', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(
    "CREATE TABLE t(a int -- the first\n, PRIMARY KEY (a)); ALTER TABLE t ADD COLUMN b text DEFAULT 'x' CHECK (b <> ''); ALTER TABLE t RENAME COLUMN a TO \"a b\"",
  );
  const { sql } = database.prepare('SELECT sql FROM sqlite_schema').get() as { sql: string };
  expect(parseCreateTable(sql)).toMatchObject({
    ok: true,
    value: {
      columns: [{ name: 'a b' }, { name: 'b', defaultText: "'x'" }],
      checks: [{ expression: "b <> ''" }],
      primaryKey: { columns: [{ column: 'a b' }] },
    },
  });
});

test('a type of other databases is taken whole, and an unknown form of expression costs only itself', () => {
  const sql =
    'CREATE TABLE t(a VARCHAR(255) UNSIGNED BIG INT NOT NULL, b VARCHAR(MAX), c CHECK (sum(a) OVER (PARTITION BY b) > 1))';
  expect(parseCreateTable(sql)).toMatchObject({
    ok: true,
    value: {
      columns: [{ declared: 'VARCHAR(255) UNSIGNED BIG INT', notNull: true }, { declared: 'VARCHAR(MAX)' }, {}],
      checks: [{ expression: 'sum(a) OVER (PARTITION BY b) > 1' }],
    },
  });
});

test.each<[string, string, number]>([
  ['CREATE VIEW v AS SELECT 1', 'TABLE is missing', 7],
  ['CREATE VIRTUAL TABLE v USING fts5(a)', 'TABLE is missing', 7],
  ['CREATE TABLE t', '( is missing at the end', 14],
  ['CREATE TABLE t(a', 'a column constraint that is not known at the end', 16],
  ['CREATE TABLE t(a INT WRONG(1) THING(2))', 'a column constraint that is not known', 35],
  ['CREATE TABLE t(a INT, PRIMARY)', 'a constraint is missing', 22],
  ['CREATE TABLE t(a CHECK ())', 'the parentheses are empty', 25],
  ["CREATE TABLE t(a DEFAULT 'x)", "a quotation begun with ' is not closed", 25],
  ['CREATE TABLE t(a) STRICTLY', 'a table option that is not known', 18],
  ['CREATE TABLE t(a) STRICT more', 'the statement ends before the text does', 25],
  ['CREATE TABLE t(a REFERENCES p ON DELETE VANISH)', 'an action is missing', 40],
  ['', 'CREATE is missing at the end', 0],
])('%s is refused with its place', (sql, why, at) => {
  expect(parseCreateTable(sql)).toEqual({ ok: false, why, at });
});
