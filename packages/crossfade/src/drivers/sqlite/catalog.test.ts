import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { sourceFile } from '../../../test/support/sources.ts';
import type { SourceTable } from '../../schema/model.ts';
import { type Catalog, readCatalog } from './catalog.ts';
import { openReadOnly } from './open.ts';

function catalogAt(path: string): Catalog {
  const db = openReadOnly(path);
  onTestFinished(() => db.close());
  return readCatalog(path, db);
}

const catalogOf = (...statements: string[]): Catalog => catalogAt(sourceFile(...statements));

/** Changes bytes of a file without SQLite, which would refuse. */
function overwrite(path: string, from: string, to: string): void {
  writeFileSync(path, Buffer.from(readFileSync(path).toString('latin1').replace(from, to), 'latin1'));
}

function tableOf(...statements: string[]): SourceTable {
  const { tables, warnings } = catalogOf(...statements);
  expect(warnings).toEqual([]);
  expect(tables).toHaveLength(1);
  return tables[0];
}

test('columns come with type, NOT NULL, default, collation and their generated expression', () => {
  const table = tableOf(
    `CREATE TABLE "my table" (a INTEGER NOT NULL DEFAULT (1 + 1), "b c" varchar(10) COLLATE NoCase DEFAULT 'x''y', d,
       e TEXT GENERATED ALWAYS AS (a || 'é') VIRTUAL, f AS (a * 2) STORED)`,
  );
  const column = { declared: '', notNull: false, default: null, collation: 'BINARY', generated: null };
  expect(table.name).toBe('my table');
  expect(table.columns).toEqual([
    { ...column, name: 'a', declared: 'INTEGER', notNull: true, default: '1 + 1' },
    { ...column, name: 'b c', declared: 'varchar(10)', collation: 'NoCase', default: "'x''y'" },
    { ...column, name: 'd' },
    { ...column, name: 'e', declared: 'TEXT', generated: { expression: "a || 'é'", stored: false } },
    { ...column, name: 'f', generated: { expression: 'a * 2', stored: true } },
  ]);
});

test.each([
  ['id INTEGER PRIMARY KEY', 'id'],
  ['"Id" integer PRIMARY KEY AUTOINCREMENT', 'Id'],
  ['id INTEGER, PRIMARY KEY (id)', 'id'],
  ['id INTEGER, PRIMARY KEY (id DESC)', 'id'],
  ['id INT PRIMARY KEY', null],
  ['id INTEGER PRIMARY KEY DESC', null],
  ['id INTEGER, b, PRIMARY KEY (id, b)', null],
  ['id INTEGER', null],
])('CREATE TABLE t (%s): the other name of the rowid is %s', (columns, alias) => {
  expect(tableOf(`CREATE TABLE t (${columns})`).rowidAlias).toBe(alias);
});

test('the key is in the order of the key, and WITHOUT ROWID and STRICT are told', () => {
  const table = tableOf('CREATE TABLE t (a INT, b TEXT, c REAL, PRIMARY KEY (c, a)) STRICT, WITHOUT ROWID');
  expect(table).toMatchObject({ primaryKey: ['c', 'a'], withoutRowid: true, strict: true, rowidAlias: null });
});

test('AUTOINCREMENT comes with its sequence, to all of its 64 bits', () => {
  const make = 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)';
  expect(tableOf(make)).toMatchObject({ autoincrement: true, sequence: null });
  const used = tableOf(make, "INSERT INTO sqlite_sequence (name, seq) VALUES ('t', 9007199254740993)");
  expect(used.sequence).toBe(9007199254740993n);
  const spoilt = tableOf(make, "INSERT INTO sqlite_sequence (name, seq) VALUES ('t', 'many')");
  expect(spoilt.sequence).toBeNull();
  expect(tableOf('CREATE TABLE t (id INTEGER PRIMARY KEY)')).toMatchObject({ autoincrement: false, sequence: null });
});

test('indexes come in the order of their making, with origin, direction, collation, expression and condition', () => {
  const { indexes } = tableOf(
    'CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT COLLATE RTRIM UNIQUE, c)',
    'CREATE INDEX plain ON t (c DESC, a COLLATE NOCASE)',
    `CREATE UNIQUE INDEX partly ON t (lower(a), c) WHERE c > 0 AND b = 'x'`,
  );
  const part = { expression: null, collation: 'BINARY', descending: false };
  expect(indexes).toEqual([
    {
      name: 'sqlite_autoindex_t_1',
      unique: true,
      origin: 'pk',
      where: null,
      parts: [{ ...part, column: 'a' }],
    },
    {
      name: 'sqlite_autoindex_t_2',
      unique: true,
      origin: 'unique',
      where: null,
      parts: [{ ...part, column: 'b', collation: 'RTRIM' }],
    },
    {
      name: 'plain',
      unique: false,
      origin: 'create',
      where: null,
      parts: [
        { ...part, column: 'c', descending: true },
        { ...part, column: 'a', collation: 'NOCASE' },
      ],
    },
    {
      name: 'partly',
      unique: true,
      origin: 'create',
      where: "c > 0 AND b = 'x'",
      parts: [
        { ...part, column: null, expression: 'lower(a)' },
        { ...part, column: 'c' },
      ],
    },
  ]);
});

test('an index whose statement cannot be read keeps an empty condition and empty expressions, never none', () => {
  // SQLite knows ALL before an argument, though it says nothing; our own reading does not.
  const { tables } = catalogOf(
    'CREATE TABLE t (a, b)',
    "CREATE UNIQUE INDEX i ON t (lower(a)) WHERE lower(ALL b) > 'x'",
  );
  const [index] = tables[0].indexes;
  expect(index).toMatchObject({ unique: true, where: '', parts: [{ column: null, expression: '' }] });
});

test('foreign keys come with actions, deferral and name; omitted parent columns are the key of the parent', () => {
  const { tables } = catalogOf(
    'CREATE TABLE "Parent" (x, "Y", PRIMARY KEY (x, "Y"))',
    `CREATE TABLE child (a, b, c REFERENCES nowhere ON DELETE SET NULL, d,
       CONSTRAINT both FOREIGN KEY (a, b) REFERENCES parent ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
       FOREIGN KEY (d, a) REFERENCES PARENT (X, y))`,
  );
  const key = { name: null, onDelete: 'NO ACTION', onUpdate: 'NO ACTION', deferred: false };
  expect(tables.find(({ name }) => name === 'child')?.foreignKeys).toEqual([
    { ...key, columns: ['c'], parent: 'nowhere', parentColumns: [], onDelete: 'SET NULL' },
    {
      name: 'both',
      columns: ['a', 'b'],
      parent: 'Parent',
      parentColumns: ['x', 'Y'],
      onDelete: 'RESTRICT',
      onUpdate: 'CASCADE',
      deferred: true,
    },
    { ...key, columns: ['d', 'a'], parent: 'Parent', parentColumns: ['x', 'Y'] },
  ]);
});

test('checks of columns and of the table come with their names', () => {
  const { checks } = tableOf("CREATE TABLE t (a CHECK (a > 0), b, CONSTRAINT some CHECK (a < b AND b <> ')'))");
  expect(checks).toEqual([
    { name: null, expression: 'a > 0' },
    { name: 'some', expression: "a < b AND b <> ')'" },
  ]);
});

test('views, triggers, virtual tables and their shadow tables are listed and are no tables', () => {
  const { tables, notMoved } = catalogOf(
    'CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)',
    'CREATE VIEW v AS SELECT a FROM t',
    'CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END',
    'CREATE VIRTUAL TABLE words USING fts5(body)',
    'ANALYZE',
  );
  expect(tables.map(({ name }) => name)).toEqual(['t']);
  expect(notMoved.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'shadow table words_config',
    'shadow table words_content',
    'shadow table words_data',
    'shadow table words_docsize',
    'shadow table words_idx',
    'trigger g',
    'view v',
    'virtual table words',
  ]);
  for (const { why } of notMoved) expect(why).not.toBe('');
});

test('a name that is not UTF-8 is refused, for no query could say it', () => {
  const path = sourceFile('CREATE TABLE t (zzz)');
  overwrite(path, 'zzz', 'z\xe9z');
  expect(() => catalogAt(path)).toThrow(expect.objectContaining({ code: 'E_SOURCE_UNREADABLE' }));
});
