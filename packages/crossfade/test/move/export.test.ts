import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { exportSchema } from '../../src/export/export.ts';
import { move } from '../../src/move/move.ts';
import { makeAmplifier } from '../fixtures/amplifier.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { until } from '../harness/connections.ts';
import { targetOf } from '../support/documents.ts';
import { plainClient } from '../support/plain-client.ts';
import { schemaOf, sequencesOf } from '../support/schema-of.ts';
import { smallSource, sourceFile } from '../support/sources.ts';

/** Everything of a database that a move makes: its schema, where its sequences stand, and its rows as PostgreSQL writes them. */
async function everything(database: TestDatabase): Promise<object> {
  const { rows: tables } = await database.query(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of tables) {
    const found = await database.query(
      `select md5(string_agg(t::text, E'\\n' order by t::text collate "C")) as sum, count(*)::int from public."${name}" t`,
    );
    rows[name] = found.rows[0];
  }
  return { schema: await schemaOf(database), sequences: await sequencesOf(database), rows };
}

const odd = () =>
  sourceFile(
    `CREATE TABLE "Odd names" ("select" INT PRIMARY KEY, "a""b" TEXT, "é" REAL, d DECIMAL(9,2), j JSON, u TEXT, f BOOLEAN, b BLOB,
       at DATETIME, day DATE, nul TEXT NOT NULL DEFAULT 'x''y', big BIGINT, name TEXT COLLATE NOCASE UNIQUE, CHECK (big > 0))`,
    `INSERT INTO "Odd names" VALUES
       (1, 'line' || char(10) || char(9) || '\\N\\.', 1e300, 0.25, '{"a":[1,2.50]}', '00000000-0000-0000-0000-000000000001', 1, x'00ff', '2026-01-02T03:04:05.678901Z', '2026-01-02', '', 9007199254740993, 'A'),
       (2, '', -0.5, 12, '[]', '00000000-0000-0000-0000-000000000002', 0, x'', '1969-12-31 23:59:59', '0001-01-01', 'z', 9223372036854775807, 'B'),
       (3, NULL, 9e999, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '😀', 1, NULL)`,
    'CREATE INDEX by_big ON "Odd names" (big DESC, day) WHERE big > 5 AND day IS NOT NULL',
    'CREATE TABLE pair (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID',
    `INSERT INTO pair VALUES ('x', 1), ('x', 2)`,
    'CREATE TABLE child (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, self INTEGER REFERENCES child ON DELETE SET NULL, FOREIGN KEY (a, b) REFERENCES pair ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)',
    `INSERT INTO child VALUES (7, 'x', 1, NULL), (8, 'x', 2, 7), (9, NULL, NULL, 8)`,
    'CREATE TABLE keyless (v INTEGER)',
    'INSERT INTO keyless VALUES (1), (1), (NULL)',
  );

const amplifier = () => {
  const path = join(tempFolder(), 'amplifier.db');
  makeAmplifier(path, { sessions: 40 });
  return path;
};

test.each<[string, () => string]>([
  ['a bit of everything', smallSource],
  ['odd names and values', odd],
  ['the demo', amplifier],
])('%s moved, exported and moved again is the same database', async (_, build) => {
  const [first, second] = [await freshDatabase(), await freshDatabase()];
  await move({ source: build(), target: targetOf(first) });
  const before = await everything(first);
  const to = join(tempFolder(), 'back.db');
  const report = await exportSchema({ from: targetOf(first), to: `sqlite:${to}` });
  expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, notTranslated: [], warnings: [] });
  expect(await move({ source: to, target: targetOf(second) })).toMatchObject({ verdict: 'equal' });
  expect(await everything(second)).toEqual(before);
  expect(await everything(first)).toEqual(before);
  expect(statSync(to).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(to))).toEqual(['back.db']);
});

test('what SQLite cannot hold exactly is text, and the report says of each column which', async () => {
  const database = await freshDatabase();
  await database.query(`
    create type mood as enum ('glad'); create domain positive as int check (value > 0);
    create table t (id int generated always as identity primary key, tz timestamptz, ts timestamp, n numeric, d double precision, r real,
      j jsonb, by bytea, a int[], rg int4range, i interval, m mood, p positive, c char(3), ip inet, dbl double precision generated always as (r * 2) stored,
      def text default upper('x'));
    insert into t (tz, ts, n, d, r, j, by, a, rg, i, m, p, c, ip) values
      ('2026-03-01 09:30:00.000001+02', '2026-03-01 09:30:00', 10.50, 'NaN', 0.1, '{"n": 12345678901234567890.10}', '\\x00ff', '{1,NULL}', '[1,3)', '1 mon 2 days', 'glad', 5, 'a', '::1'),
      ('infinity', '0044-03-15 BC', 'NaN', '-0', 'Infinity', 'null', '', '{}', 'empty', '-1 sec', null, null, null, null);
    create index gin on t using gin (j); create index by_lower on t (lower(def)); create view v as select 1 as x;
    create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger g before insert on t for each row execute function f()`);
  const to = join(tempFolder(), 'copy.db');
  const report = await exportSchema({ from: targetOf(database), to: `sqlite:${to}` });
  const db = new DatabaseSync(to, { readOnly: true });
  const rows = db
    .prepare('SELECT * FROM t ORDER BY id')
    .all()
    .map((row) => ({ ...row }));
  const sequence = db.prepare('SELECT seq FROM sqlite_sequence').get();
  db.close();
  expect(rows).toEqual([
    {
      id: 1,
      tz: '2026-03-01T07:30:00.000001Z',
      ts: '2026-03-01T09:30:00.000000',
      n: '10.50',
      d: 'NaN',
      r: Math.fround(0.1),
      j: '{"n": 12345678901234567890.10}',
      by: new Uint8Array([0, 255]),
      a: '{1,NULL}',
      rg: '[1,3)',
      i: '1 mon 2 days',
      m: 'glad',
      p: 5,
      c: 'a  ',
      ip: '::1',
      dbl: 2 * Math.fround(0.1),
      def: 'X',
    },
    {
      id: 2,
      tz: 'infinity',
      ts: '0044-03-15 00:00:00 BC',
      n: 'NaN',
      d: -0,
      r: Infinity,
      j: 'null',
      by: new Uint8Array(),
      a: '{}',
      rg: 'empty',
      i: '-00:00:01',
      m: null,
      p: null,
      c: null,
      ip: null,
      dbl: Infinity,
      def: 'X',
    },
  ]);
  expect(sequence).toEqual({ seq: 2 });
  const notes = Object.fromEntries((report.tables[0]?.columns ?? []).map(({ source, note }) => [source, note]));
  expect(notes).toMatchObject({
    id: null,
    tz: 'ISO 8601 text in UTC, with microseconds',
    n: 'text of its digits, NaN and infinities; a move takes it for text',
    a: "PostgreSQL's own text",
    m: "PostgreSQL's own text",
    p: null,
  });
  expect(report.notTranslated.map(({ what }) => what)).toEqual([
    'domain of p of t',
    'generated column dbl of t',
    'default of def of t',
    'index by_lower of t',
    'index gin of t',
    'GENERATED ALWAYS of id of t',
  ]);
  expect(report.notMoved.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'domain positive',
    'enum mood',
    'function f()',
    'trigger g on t',
    'view v',
  ]);
});

test('nothing is replaced, and a wrong place, schema or table is one sentence', async () => {
  const database = await freshDatabase();
  await database.query('create table t (id int); create schema bare');
  const from = targetOf(database);
  const folder = tempFolder();
  const taken = join(folder, 'taken.db');
  writeFileSync(taken, 'x');
  const cases: [object, string][] = [
    [{ to: `sqlite:${taken}` }, 'E_EXPORT_UNWRITABLE'],
    [{ to: `sqlite:${folder}/no/such.db` }, 'E_EXPORT_UNWRITABLE'],
    [{ to: 'csv:x' }, 'E_USAGE'],
    [{ to: `sqlite:${folder}/a.db`, schema: 'gone' }, 'E_USAGE'],
    [{ to: `sqlite:${folder}/a.db`, schema: 'bare' }, 'E_USAGE'],
    [{ to: `sqlite:${folder}/a.db`, only: ['u'] }, 'E_USAGE'],
  ];
  for (const [options, code] of cases)
    await expect(exportSchema({ from, to: '', ...options }), JSON.stringify(options)).rejects.toMatchObject({ code });
  expect(readdirSync(folder)).toEqual(['taken.db']);
});

test('a table that is rewritten while another one is copied is whole in the copy', async () => {
  const database = await freshDatabase();
  await database.query('create table a as select 1 as id; create table b as select generate_series(1, 500) as id');
  const [holder, rewriter] = [await plainClient(database), await plainClient(database)];
  onTestFinished(() => Promise.all([holder.end(), rewriter.end()]).then(() => undefined));
  await holder.query('begin; lock table a in access exclusive mode');
  const exported = exportSchema({ from: targetOf(database), to: `sqlite:${join(tempFolder(), 'copy.db')}` });
  await until(async () => {
    const { rows } = await database.query('select count(*)::int as n from pg_locks where not granted');
    return rows[0]?.n === 1;
  });
  const rewritten = rewriter.query('alter table b alter id type bigint');
  await holder.query('rollback');
  expect((await exported).tables.map(({ source, rows }) => [source, rows])).toEqual([
    ['a', 1],
    ['b', 500],
  ]);
  await rewritten;
});

test('a partition whose parent stands in another schema is copied; rows that show from elsewhere are told', async () => {
  const database = await freshDatabase();
  await database.query(`create schema one; create schema two;
    create table one.p (id int) partition by list (id); create table two.p1 partition of one.p for values in (1);
    create table one.par (id int); create table two.chi () inherits (one.par);
    insert into one.p values (1); insert into two.chi values (5)`);
  const from = targetOf(database);
  const two = await exportSchema({ from, to: `sqlite:${join(tempFolder(), 'two.db')}`, schema: 'two' });
  expect(two.tables.map(({ source, rows }) => [source, rows])).toEqual([
    ['chi', 1],
    ['p1', 1],
  ]);
  const one = await exportSchema({ from, to: `sqlite:${join(tempFolder(), 'one.db')}`, schema: 'one' });
  expect(one.tables.map(({ source, rows }) => [source, rows])).toEqual([
    ['p', 1],
    ['par', 0],
  ]);
  expect(one.notMoved).toMatchObject([{ kind: 'inheriting table', name: 'two.chi of par' }]);
});

test('what an older database has left beside the place is not read as part of the copy', async () => {
  const database = await freshDatabase();
  await database.query('create table t (id int)');
  const path = join(tempFolder(), 'copy.db');
  for (const ending of ['-wal', '-shm', '-journal']) {
    writeFileSync(`${path}${ending}`, 'x');
    const refused = exportSchema({ from: targetOf(database), to: `sqlite:${path}` });
    await expect(refused, ending).rejects.toMatchObject({ code: 'E_EXPORT_UNWRITABLE' });
    rmSync(`${path}${ending}`);
  }
});

test('a copy that is not equal when it is read again is not left', async () => {
  const database = await freshDatabase();
  await database.query('create table t (id int primary key, v text); insert into t values (1, $$a$$), (2, $$b$$)');
  const folder = tempFolder();
  const spoil = (): void => {
    const [partial] = readdirSync(folder).filter((each) => each.endsWith('.partial'));
    const db = new DatabaseSync(join(folder, partial));
    db.exec("UPDATE t SET v = 'c' WHERE id = 2");
    db.close();
  };
  await database.query('create table a (id int)');
  await expect(
    exportSchema({
      from: targetOf(database),
      to: `sqlite:${join(folder, 'copy.db')}`,
      onProgress: ({ phase }) => (phase === 'verify' ? spoil() : undefined),
    }),
  ).rejects.toMatchObject({ code: 'E_EXPORT_UNEQUAL', facts: { table: 't' } });
  expect(readdirSync(folder)).toEqual([]);
});

const people = `create table person (id text primary key, serial bigint not null, price numeric, score double precision, born date, at timestamptz,
    on_off boolean, doc jsonb, photo bytea, tags text[], ref uuid unique);
  create table visit (person text references person on delete cascade, n int, at timestamp, primary key (person, n)); create table nothing (id int primary key);
  insert into person values
    ('Ünï/../x', 9007199254740993, 10.50, 9223372036854775808, '2026-01-02', '2026-03-01 09:30:00.000001+02', true, '{"b": [1, 9007199254740993], "a": "x"}', '\\x00ff', '{a,NULL}', '00000000-0000-0000-0000-000000000001'),
    ('', -1, null, 5e-324, null, null, null, null, '', null, null), ('a', 0, 1, 0.1, null, null, false, '[]', null, '{}', null);
  insert into visit values ('a', 2, '2026-01-01'), ('a', 1, null), ('', 1, '2026-01-01 00:00:00.5')`;

test.each(['json', 'files'] as const)(
  'a copy in the form of %s is what a store reads, and can be moved again',
  async (kind) => {
    const [database, again] = [await freshDatabase(), await freshDatabase()];
    await database.query(people);
    const folder = tempFolder();
    const to = `${kind}:${join(folder, 'copy')}`;
    const report = await exportSchema({ from: targetOf(database), to });
    expect(report).toMatchObject({ verdict: 'equal', rows: 6, target: to, notTranslated: [] });
    expect(readdirSync(folder)).toEqual(['copy']);
    const moved = await move({ source: to, target: targetOf(again) });
    expect(moved).toMatchObject({ verdict: 'equal', rows: 6 });
    const all = 'select id, serial::text, price::text, score, at, doc, tags::text from person order by id collate "C"';
    expect((await again.query(all)).rows).toEqual((await database.query(all)).rows);
    const photo = await again.query('select photo from person where id = $1', ['Ünï/../x']);
    expect(photo.rows).toEqual([{ photo: kind === 'files' ? Buffer.from([0, 255]) : 'AP8=' }]);
  },
);

const refused: readonly [string, string, string][] = [
  ['a table without a key', 'id int', ''],
  ['a negative zero', 'id int primary key, d double precision', "1, '-0'"],
  ['NaN', 'id int primary key, n numeric', "1, 'NaN'"],
  ['infinity', 'id int primary key, at timestamptz', "1, 'infinity'"],
  ["JSON's null", 'id int primary key, j jsonb', "1, 'null'"],
  ['equal members', 'id int primary key, j json', `1, '{"a":1,"a":2}'`],
  ["JSON's negative zero", 'id int primary key, j json', `1, '[-0.0]'`],
  ['digits beyond a double', 'id int primary key, j jsonb', `1, '0.10000000000000000001'`],
];

test('what a store does not hold exactly is refused by its column, and nothing is left', async () => {
  const database = await freshDatabase();
  const folder = tempFolder();
  for (const [what, columns, values] of refused) {
    await database.query(
      `drop table if exists t; create table t (${columns}); ${values === '' ? '' : `insert into t values (${values})`}`,
    );
    for (const kind of ['json', 'files'])
      await expect(
        exportSchema({ from: targetOf(database), to: `${kind}:${folder}/copy` }),
        what,
      ).rejects.toMatchObject({ code: values === '' ? 'E_UNSUPPORTED' : 'E_ROW_INVALID', facts: { table: 't' } });
  }
  expect(readdirSync(folder)).toEqual([]);
});
