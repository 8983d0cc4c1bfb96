import { expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { moveJson, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { sourceFile } from '../support/sources.ts';
import { schemaParts } from '../support/traces.ts';

/** Moves a source that ends with 0 and every row equal, and returns what it says it has left out, and what stands in PostgreSQL. */
async function moved(...statements: readonly string[]) {
  const [database, source] = [await freshDatabase(), sourceFile(...statements)];
  const ended = await moveJson(source, database);
  const report = reportOf(ended);
  expect({ status: ended.status, stderr: ended.stderr, verdict: report.verdict }).toEqual({
    status: 0,
    stderr: '',
    verdict: 'equal',
  });
  for (const { source: table, rows, verified } of report.tables) expect([table, verified]).toEqual([table, rows]);
  await expectSameRows(source, database);
  return { database, notCreated: report.constraints.notCreated, parts: await schemaParts(database) };
}

const foldedParents: readonly [string, string, string[]][] = [
  ['a key', 'name TEXT COLLATE NOCASE PRIMARY KEY', ['p PRIMARY KEY (name)']],
  ['unique', 'id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE', ['p PRIMARY KEY (id)']],
];

test.each(foldedParents)(
  'a foreign key to a NOCASE column that is %s is left out and said, and the rows of another spelling stay as they are',
  async (_, columns, keys) => {
    const { notCreated, parts } = await moved(
      `CREATE TABLE p (${columns})`,
      'CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT REFERENCES p (name))',
      `INSERT INTO p (name) VALUES ('Anna'), ('Bert')`,
      `INSERT INTO c (p) VALUES ('ANNA'), ('Bert'), (NULL)`,
    );
    expect(notCreated).toEqual([
      { what: 'foreign key c_p_fkey of c', why: expect.stringMatching(/p\.name compares by NOCASE/) },
    ]);
    expect(parts).toEqual([
      expect.stringMatching(/^CREATE UNIQUE INDEX .* ON public\.p USING btree \(lower\(/),
      'c PRIMARY KEY (id)',
      ...keys,
    ]);
  },
);

test('a foreign key from a NOCASE column to an exact one compares exactly on both sides, and is made', async () => {
  const { notCreated, parts } = await moved(
    'CREATE TABLE p (name TEXT PRIMARY KEY)',
    'CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT COLLATE NOCASE REFERENCES p (name))',
    `INSERT INTO p VALUES ('Anna')`,
    `INSERT INTO c (p) VALUES ('Anna')`,
  );
  expect(notCreated).toEqual([]);
  expect(parts).toContain('c FOREIGN KEY (p) REFERENCES p(name)');
});

test('a foreign key to columns that a unique index alone makes unique is made, and one to an index of some rows is not', async () => {
  const { notCreated, parts } = await moved(
    'CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT, e TEXT)',
    'CREATE UNIQUE INDEX p_ba ON p (b, a)',
    'CREATE UNIQUE INDEX p_e ON p (e) WHERE id > 0',
    'CREATE TABLE c (id INTEGER PRIMARY KEY, a TEXT, b TEXT, e TEXT REFERENCES p (e), FOREIGN KEY (a, b) REFERENCES p (a, b))',
    `INSERT INTO p (a, b, e) VALUES ('a', 'b', 'e')`,
    `INSERT INTO c (a, b, e) VALUES ('a', 'b', 'e'), (NULL, 'b', NULL)`,
  );
  expect(notCreated).toEqual([{ what: 'foreign key c_e_fkey of c', why: expect.stringContaining('not unique in p') }]);
  expect(parts.filter((part) => part.includes('FOREIGN KEY'))).toEqual(['c FOREIGN KEY (a, b) REFERENCES p(a, b)']);
});

const many = Array.from({ length: 33 }, (_, i) => `c${i}`);
const list = many.join(', ');
const filled = `INSERT INTO t (${list}) VALUES (${many.map((_, i) => i).join(', ')}), (${many.map((_, i) => i + 1).join(', ')})`;

test.each([
  [
    'an index',
    `CREATE TABLE t (id INTEGER PRIMARY KEY, ${list})`,
    `CREATE INDEX wide ON t (${list})`,
    'index wide of t',
  ],
  [
    'a unique index',
    `CREATE TABLE t (id INTEGER PRIMARY KEY, ${list})`,
    `CREATE UNIQUE INDEX wide ON t (${list})`,
    'unique index wide of t',
  ],
  [
    'a UNIQUE constraint',
    `CREATE TABLE t (id INTEGER PRIMARY KEY, ${list}, UNIQUE (${list}))`,
    '',
    'unique index sqlite_autoindex_t_1 of t',
  ],
  ['a primary key', `CREATE TABLE t (${list}, PRIMARY KEY (${list})) WITHOUT ROWID`, '', 'primary key of t'],
])(
  '%s of more columns than PostgreSQL takes is left out with the reason, and the rest moves',
  async (_, table, index, what) => {
    const { database, notCreated, parts } = await moved(
      table,
      index,
      `CREATE INDEX narrow ON t (${many.slice(0, 32).join(', ')})`,
      filled,
    );
    expect(notCreated).toEqual([
      {
        what: expect.stringContaining(what),
        why: 'it has more than the 32 columns that PostgreSQL takes in one index',
      },
    ]);
    expect(parts).toContain(`CREATE INDEX narrow ON public.t USING btree (${many.slice(0, 32).join(', ')})`);
    expect(parts.filter((part) => part.includes('c32'))).toEqual([]);
    expect(await rowsOf(database)).toBe(2);
  },
);

async function rowsOf(database: TestDatabase): Promise<number> {
  return (await database.query('select count(*)::int as n from t')).rows[0].n as number;
}

test('a collation that no index brings over is said once a column, and only where text is compared', async () => {
  const source = sourceFile(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b TEXT COLLATE rtrim, c TEXT COLLATE NOCASE, d TEXT COLLATE NOCASE,
       n INTEGER COLLATE NOCASE, p TEXT COLLATE BINARY)`,
    'CREATE INDEX t_c ON t (c)',
    'CREATE INDEX t_d ON t (d COLLATE BINARY)',
    "INSERT INTO t VALUES (1, 'a', 'b ', 'c', 'd', 1, 'p')",
  );
  const database = await freshDatabase();
  const report = reportOf(await moveJson(source, database));
  expect([report.exitCode, report.notMoved, report.constraints.notCreated]).toEqual([0, [], []]);
  expect(
    report.warnings.map((warning) => /^Column "(\S+)" compares by (\w+) in SQLite/.exec(warning)?.slice(1)),
  ).toEqual([
    ['t.a', 'NOCASE'],
    ['t.b', 'RTRIM'],
    ['t.d', 'NOCASE'],
  ]);
  // A table that is there compares as whoever made it wanted.
  await database.query('truncate t');
  expect(reportOf(await moveJson(source, database)).warnings.join()).not.toContain('compares by');
});
