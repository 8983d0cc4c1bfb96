import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCreateIndex } from './create-index.ts';
import { parseCreateTable } from './create-table.ts';

const part = { column: null, expression: null, collation: null, descending: false };

test.each([
  ['CREATE INDEX i ON t(a)', { name: 'i', table: 't', unique: false, parts: [{ ...part, column: 'a' }], where: null }],
  [
    'create unique index if not exists main."i x" on [t y] (`a` desc, "b" asc)',
    {
      name: 'i x',
      table: 't y',
      unique: true,
      parts: [
        { ...part, column: 'a', descending: true },
        { ...part, column: 'b' },
      ],
      where: null,
    },
  ],
  [
    'CREATE UNIQUE INDEX i ON t(lower(x), y COLLATE NOCASE DESC) WHERE x IS NOT NULL /* all */ AND y > 0 -- end',
    {
      name: 'i',
      table: 't',
      unique: true,
      parts: [
        { ...part, expression: 'lower(x)' },
        { column: 'y', expression: null, collation: 'NOCASE', descending: true },
      ],
      where: 'x IS NOT NULL /* all */ AND y > 0',
    },
  ],
  [
    "CREATE INDEX i ON t('a', (b), a || ',' || b COLLATE rtrim, coalesce(a, 0) DESC)",
    {
      name: 'i',
      table: 't',
      unique: false,
      parts: [
        { ...part, column: 'a' },
        { ...part, column: 'b' },
        { ...part, expression: "a || ',' || b COLLATE rtrim" },
        { ...part, expression: 'coalesce(a, 0)', descending: true },
      ],
      where: null,
    },
  ],
  [
    'CREATE INDEX i ON t((a || b) COLLATE rtrim);',
    {
      name: 'i',
      table: 't',
      unique: false,
      parts: [{ ...part, expression: '(a || b)', collation: 'rtrim' }],
      where: null,
    },
  ],
])('%s', (sql, expected) => {
  expect(parseCreateIndex(sql)).toEqual({ ok: true, value: expected });
});

test('columns, order and collations are those of the catalog', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t(a text, b text, c int)');
  for (const list of [
    'a',
    'b DESC, a',
    'a COLLATE NOCASE, c',
    '(a), lower(b), c DESC',
    "'a', \"b\" COLLATE 'RTRIM' DESC",
    'a || b COLLATE nocase',
  ]) {
    database.exec(`DROP INDEX IF EXISTS i; CREATE INDEX i ON t(${list})`);
    const catalog = database.prepare('SELECT name, "desc", coll FROM pragma_index_xinfo(\'i\') WHERE key').all() as {
      name: string | null;
      desc: number;
      coll: string;
    }[];
    const result = parseCreateIndex(
      (database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'i'").get() as { sql: string }).sql,
    );
    if (!result.ok) throw new Error(result.why);
    const found = result.value.parts.map((p) => [p.column, p.descending ? 1 : 0]);
    expect(found, list).toEqual(catalog.map((row) => [row.name, row.desc]));
  }
});

test.each([
  ['CREATE INDEX i ON t()', 'an expression is missing', 20],
  ['CREATE INDEX i t(a)', 'ON is missing', 15],
  ['CREATE INDEX i ON t(a) WHERE', 'an expression is missing at the end', 28],
  ['CREATE INDEX i ON t(a) a', 'the statement ends before the text does', 23],
])('%s is refused with its place', (sql, why, at) => {
  expect(parseCreateIndex(sql)).toEqual({ ok: false, why, at });
});

test('any text gives a table, an index or a reason', () => {
  const list = `CREATE TABLE INDEX UNIQUE t ON ( ) , a "b" INT PRIMARY KEY NOT NULL DEFAULT 5 'x' CHECK REFERENCES CONSTRAINT
    FOREIGN COLLATE GENERATED ALWAYS AS DEFERRABLE WHERE DESC STRICT WITHOUT ROWID -- /* */ -`;
  const words = fc.constantFrom('\n', ...list.split(/\s+/));
  const started = fc.tuple(
    fc.constantFrom('CREATE TABLE t(a ', 'CREATE TABLE t(a, ', 'CREATE INDEX i ON t(', ''),
    fc.array(words, { maxLength: 25 }),
  );
  fc.assert(
    fc.property(started, ([start, rest]) => {
      const sql = start + rest.join(' ');
      const places = [parseCreateTable(sql), parseCreateIndex(sql)].map((result) => (result.ok ? 0 : result.at));
      expect(places.filter((at) => at < 0 || at > sql.length)).toEqual([]);
    }),
    { numRuns: 10_000 },
  );
});

test('every table that SQLite accepts is accepted here', () => {
  const database = new DatabaseSync(':memory:');
  const constraint = fc.constantFrom(
    'NOT NULL',
    'NULL',
    'UNIQUE',
    'PRIMARY KEY',
    'DEFAULT 5',
    "DEFAULT 'x'",
    'DEFAULT (1+1)',
    'DEFAULT -1',
    'DEFAULT CURRENT_TIMESTAMP',
    'CHECK (1)',
    'COLLATE NOCASE',
    'REFERENCES p',
    'REFERENCES p(q) ON DELETE CASCADE',
    'DEFERRABLE',
    'NOT DEFERRABLE INITIALLY IMMEDIATE',
    'CONSTRAINT n',
    'ON CONFLICT FAIL',
    'AUTOINCREMENT',
    'ASC',
    'DESC',
    'AS (1)',
    'STORED',
    '/* c */',
  );
  const type = fc.constantFrom(
    '',
    'INT',
    'INTEGER',
    'UNSIGNED BIG INT',
    'VARCHAR(5)',
    '"q t"',
    'DECIMAL(1, 2)',
    'GENERATED ALWAYS',
  );
  const column = fc
    .tuple(fc.constantFrom('a', '"b c"', '[d]', 'key', "'e'"), type, fc.array(constraint, { maxLength: 4 }))
    .map(([name, t, rest]) => [name, t, ...rest].join(' '));
  const table = fc.constantFrom(
    'PRIMARY KEY (a)',
    'UNIQUE (a, [d])',
    'CHECK (a > 0)',
    'CONSTRAINT x',
    'CONSTRAINT y CHECK (1) UNIQUE (a)',
    'FOREIGN KEY (a) REFERENCES p(q)',
  );
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 3 }),
      fc.array(table, { maxLength: 2 }),
      (columns, tables) => {
        const sql = `CREATE TABLE t(${[...columns, ...tables].join(', ')})`;
        try {
          database.exec(`DROP TABLE IF EXISTS t; ${sql}`);
        } catch {
          return;
        }
        accepted++;
        const result = parseCreateTable(sql);
        const catalog = database.prepare('PRAGMA table_xinfo(t)').all() as {
          name: string;
          dflt_value: string | null;
        }[];
        expect(result.ok && result.value.columns.map((c) => [c.name, c.defaultText]), sql).toEqual(
          catalog.map((c) => [c.name, c.dflt_value]),
        );
      },
    ),
    { numRuns: 4_000 },
  );
  expect(accepted).toBeGreaterThan(200);
});
