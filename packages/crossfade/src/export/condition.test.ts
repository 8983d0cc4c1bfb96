import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { targetOf } from '../../test/support/documents.ts';
import { exportSchema } from './export.ts';

/** Conditions of the columns below that mean the same in SQLite. */
const carried = [
  'n > 5 and big <= 9007199254740993',
  `n <> -5 and small in (1, -2)`,
  'flag',
  'not flag and n is not null',
  'flag = false',
  `word = 'a' and word <> 'it''s'`,
  `limited in ('a', 'B')`,
  `limited <> 'a'`,
  `bytes < 'b'`,
  `"of AND" = ' AND '`,
  'price is null and doc is not null',
  `"true" is null`,
];

/** And some that do not: each holds of other rows there, or cannot be said. */
const left = [
  'price > 9.5',
  'price in (1.5, 10)',
  `price = 10`,
  `word > 'a'`,
  `loose = 'A'`,
  `loose in ('A', 'b')`,
  `padded = 'a'`,
  `doc = '{"a": 1.0}'`,
  'score > 0.5',
  `at > '2026-01-01'`,
  'pair is null',
  'pair is not null',
  'n::text = $$5$$',
  'n > 5 or n < 0',
  `lower(word) = 'a'`,
];

const rows = [
  `1, 5, 1, 9007199254740993, true, 'a', 'a', 'A', 'a', 'a', ' AND ', 10.0, '{"a": 1}', 0.25, '2026-01-01', null, row(null, null)`,
  `2, -5, -2, 9007199254740994, false, 'B', 'B', 'b', 'B', 'B', 'x', 9.75, '{"a": 1.0}', 1, '2027-01-01', true, row(1, null)`,
  `3, 6, 3, -1, null, 'it''s', 'a ', 'ä', 'é', 'b', '', 100, 'null', 'NaN', 'infinity', false, row(1, 2)`,
  `4, null, null, null, false, null, null, null, null, null, null, null, null, null, null, null, null`,
];

const tables = `
  create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create type pair as (a int, b int);
  create table t (id int primary key, n int, small smallint, big bigint, flag boolean, word text collate "en-x-icu", limited varchar(5),
    loose text collate loose, bytes text collate "C", padded char(3), "of AND" text, price numeric(10,2), doc jsonb, score double precision, at timestamptz,
    "true" boolean, pair pair)`;

test('a condition is carried over where it holds of the same rows, and named where it does not', async () => {
  const database = await freshDatabase();
  await database.query(tables);
  const indexes = [...carried, ...left].map((condition, i) => `create index "i${i}" on t (id) where ${condition}`);
  await database.query([...rows.map((row) => `insert into t values (${row})`), ...indexes].join('; '));
  const to = join(tempFolder(), 'copy.db');
  const report = await exportSchema({ from: targetOf(database), to: `sqlite:${to}` });
  const named = report.notTranslated.map(({ what }) => /^index i(\d+) of t$/.exec(what)?.[1]);
  const at = (name: string | undefined): string => [...carried, ...left][Number(name)];
  expect(named.map(at).toSorted()).toEqual(left.toSorted());
  const copy = new DatabaseSync(to, { readOnly: true });
  const made = copy.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND name LIKE 'i%'").all();
  expect(made.map(({ name }) => at(String(name).slice(1))).toSorted()).toEqual(carried.toSorted());
  for (const { name, sql } of made) {
    const condition = at(String(name).slice(1));
    const expected = await database.query(`select id from t where ${condition} order by id`);
    const found = copy.prepare(`SELECT id FROM t WHERE ${/ WHERE (.*)$/s.exec(String(sql))?.[1]} ORDER BY id`).all();
    expect(
      found.map(({ id }) => id),
      condition,
    ).toEqual(expected.rows.map(({ id }) => id as number));
  }
  copy.close();
});

/** A column with its default, and whether a row of the copy gets it as one of PostgreSQL would. */
const defaults: readonly [string, boolean][] = [
  ['a numeric default 10.50', true],
  ['b numeric(10,2) default 0', true],
  ['c numeric(10,2) default 0.125', false],
  ['d numeric default 12345678901234567890.12', true],
  ['e int default 1.5', false],
  ['f int default -3', true],
  ['g text default true', true],
  ['h text default 1.50', true],
  [`i text default 'it''s'`, true],
  ['j boolean default true', true],
  ['k double precision default 0.1', true],
  ['l real default 0.1', false],
  ['m real default 0.5', true],
  [`n jsonb default '{"b":1,"a":2.0}'`, true],
  [`o date default '2026-01-02'`, true],
  [`p uuid default '00000000-0000-0000-0000-00000000000A'`, true],
  ['q date default now()', false],
  [`r char(3) default 'a'`, false],
  [`s bigint default 9223372036854775807`, true],
  ['t double precision default -1.5', true],
];

test('a default puts the same into a row, or is named', async () => {
  const [database, folder] = [await freshDatabase(), tempFolder()];
  await database.query(
    `create table t (id int primary key, ${defaults.map(([column]) => column).join(', ')}); insert into t values (1)`,
  );
  const report = await exportSchema({ from: targetOf(database), to: `sqlite:${join(folder, 'copy.db')}` });
  const refused = defaults.filter(([, isCarried]) => !isCarried).map(([column]) => column[0]);
  expect(report.notTranslated.map(({ what }) => what)).toEqual(refused.map((name) => `default of ${name} of t`));
  const copy = new DatabaseSync(join(folder, 'copy.db'));
  copy.exec('INSERT INTO t (id) VALUES (2)');
  const names = defaults.filter(([, isCarried]) => isCarried).map(([column]) => column[0]);
  const [first, second] = [1, 2].map((id) => {
    const statement = copy.prepare(
      `SELECT ${names.map((name) => `${name}, typeof(${name}) AS ${name}type`).join(', ')} FROM t WHERE id = ?`,
    );
    statement.setReadBigInts(true);
    return { ...statement.get(id) };
  });
  copy.close();
  expect(second).toEqual(first);
});
