import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { pgTypes } from '../schema/model.ts';
import { seedBytes } from './mix.ts';
import { type Cell, compare, copyOut, pagesOf, tableOf, type TypeName } from '../../test/support/verification.ts';
import { readersOf } from './types.ts';
import {
  addSums,
  collectSource,
  collectTarget,
  copyOutStatement,
  differingBuckets,
  emptySums,
  mergeCollected,
  pairDifferences,
  rowKeyText,
  sumSource,
  sumTarget,
  type VerifyTable,
} from './verify.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});

async function load(table: VerifyTable, rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const columns = table.columns.map(({ target, typeName }) => `"${target}" ${typeName}`).join(', ');
  await database.query(`drop table if exists t; create table t (${columns})`);
  for (const row of rows)
    await database.query(`insert into t values (${row.map((_, i) => `$${i + 1}`).join(', ')})`, [...row]);
}

const summary = async (table: VerifyTable, cells: readonly (readonly Cell[])[]): Promise<string[]> => {
  const { named } = await compare(database, cells, table);
  return named.map(({ kind, key, rows }) => `${kind} ${key} x${rows}`).sort();
};

describe('a table without a key', () => {
  const table = tableOf({ a: 'text', b: 'integer' }, []);
  const source: Cell[][] = [
    ['x', 1n],
    ['x', 1n],
    ['y', 2n],
    [null, null],
  ];

  test('is equal in any order, as often as each row is there', async () => {
    await load(table, [
      [null, null],
      ['x', '1'],
      ['y', '2'],
      ['x', '1'],
    ]);
    expect(await summary(table, source)).toEqual([]);
  });

  test('shows a row duplicated while another one is gone', async () => {
    await load(table, [
      [null, null],
      ['x', '1'],
      ['y', '2'],
      ['y', '2'],
    ]);
    expect(await summary(table, source)).toEqual(['extra  x1', 'missing 1 x1']);
  });

  test('counts equal rows without keeping them all', async () => {
    await load(table, []);
    const many = Array.from({ length: 5_000 }, (): Cell[] => ['x', 1n]);
    expect(await compare(database, many, table, { limitRows: 10 })).toMatchObject({
      count: 5_000,
      exact: true,
      named: [{ kind: 'missing', rows: 5_000 }],
    });
  });
});

test('a table without rows, or without columns, is compared too', async () => {
  const empty = tableOf({}, []);
  await database.query('drop table if exists t; create table t ()');
  expect(await compare(database, [], empty)).toMatchObject({ count: 0, exact: true });
  await database.query('insert into t default values');
  expect(await compare(database, [], empty)).toMatchObject({ count: 1, named: [{ kind: 'extra' }] });
});

const keys: readonly [type: TypeName, cell: Cell, shown: string, literal: string, shownByTarget: string][] = [
  ['text', 'ä b', 'ä b', 'c', 'c'],
  [
    'uuid',
    '123e4567-e89b-12d3-a456-426614174000',
    '123e4567-e89b-12d3-a456-426614174000',
    '123e4567-e89b-12d3-a456-426614174001',
    '123e4567-e89b-12d3-a456-426614174001',
  ],
  ['bytea', Buffer.from([0, 255]), '\\x00ff', '\\x00', '\\x00'],
  ['numeric', '1.50', '1.50', '-12345.0678', '-12345.0678'],
  ['numeric', '1', '1', '0.00001', '0.00001'],
  ['numeric', '1', '1', '120000', '120000'],
  ['bigint', 5n, '5', '-6', '-6'],
  ['integer', 5n, '5', '-6', '-6'],
  ['smallint', 5n, '5', '-6', '-6'],
  ['double precision', 0.5, '0.5', '0.1', '0.1'],
  ['real', 0.5, '0.5', '0.25', '0.25'],
  ['boolean', 1n, '1', 'f', 'false'],
  ['date', '2024-01-01', '2024-01-01', '1999-12-31', '1999-12-31'],
  ['timestamp', '2024-01-01 00:00', '2024-01-01 00:00', '1999-12-31 23:59:59.5', '1999-12-31T23:59:59.500000'],
  ['timestamptz', '2024-01-01', '2024-01-01', '2024-01-01 01:00+01:30', '2023-12-31T23:30:00.000000Z'],
  ['jsonb', '{"a":1}', '{"a":1}', '{"b":2}', '{"b": 2}'],
];
test.each(keys)('a key of type %s is shown in plain', async (type, cell, shown, literal, shownByTarget) => {
  const table = tableOf({ k: type }, ['k']);
  await load(table, [[literal]]);
  expect(await summary(table, [[cell]])).toEqual([`extra ${shownByTarget} x1`, `missing ${shown} x1`]);
});

test('a key of several columns tells rows apart, NULL included', async () => {
  const table = tableOf({ v: 'text', a: 'text', b: 'text' }, ['a', 'b']);
  await load(table, [
    ['1', 'x', null],
    ['2', 'x', ''],
    ['9', 'xy', ''],
  ]);
  const { named } = await compare(
    database,
    [
      ['0', 'x', null],
      ['2', 'x', ''],
      ['9', 'x', 'y'],
    ],
    table,
  );
  expect(named.map(({ kind, key }) => `${kind} ${key.join('|')}`).sort()).toEqual([
    'different x|NULL',
    'extra xy|',
    'missing x|y',
  ]);
});

describe('in pieces', () => {
  const table = tableOf({ id: 'integer', v: 'text' }, ['id']);
  const cells = Array.from({ length: 2_000 }, (_, i): Cell[] => [BigInt(i), `value ${i}`]);
  const seed = randomBytes(seedBytes);
  const parts = [
    { from: 0, to: 3 },
    { from: 3, to: 7 },
    { from: 7, to: Infinity },
  ];

  beforeAll(async () => {
    await database.query(
      `drop table if exists p; create table p as select id::integer, 'value ' || id as v from generate_series(1999, 0, -1) id`,
    );
  });
  const part: VerifyTable = { ...table, target: { schema: 'public', name: 'p' } };

  test('sums add up whatever the pieces and their order, also after a worker has handed them over', async () => {
    const whole = sumSource(pagesOf(cells), part, seed);
    const source = emptySums();
    for (const page of pagesOf(cells, 300).toReversed())
      addSums(source, structuredClone(sumSource([page], part, seed)));
    expect(source).toEqual(whole);
    const target = emptySums();
    for (const pages of parts)
      addSums(target, await sumTarget(copyOut(database, copyOutStatement(part, pages)), part, seed));
    expect(differingBuckets(target, whole)).toEqual([]);
    expect(target.rows).toBe(2_000);
  });

  test('what workers collected is merged and paired', async () => {
    const changed = cells.map((row, i) => (i === 1_234 ? [row[0], 'other'] : row)).filter((_, i) => i !== 55);
    const all = [...Array(4096).keys()];
    const target = await Promise.all(
      parts.map((pages) => collectTarget(copyOut(database, copyOutStatement(part, pages)), part, seed, all, 10_000)),
    );
    const source = pagesOf(changed, 300).map((page) => structuredClone(collectSource([page], part, seed, all, 10_000)));
    const found = pairDifferences(mergeCollected(source, 10_000), mergeCollected(target, 10_000), part);
    expect(found.map(({ kind, key, columns }) => [kind, ...key, ...columns].join(' ')).sort()).toEqual([
      'different 1234 v',
      'extra 55',
    ]);
  });

  test('with memory for a few rows, both sides keep the same keys, and nothing equal is called different', async () => {
    const all = [...Array(4096).keys()];
    const source = mergeCollected(
      pagesOf(cells, 700).map((page) => collectSource([page], part, seed, all, 100)),
      100,
    );
    const target = await collectTarget(copyOut(database, copyOutStatement(part)), part, seed, all, 100);
    expect(source.rows.length).toBeGreaterThan(10);
    expect(source.rows.length).toBeLessThanOrEqual(100);
    expect(pairDifferences(source, target, part)).toEqual([]);
  });
});

test('one differing row in each of many buckets is named although memory holds a few rows only', async () => {
  const table = tableOf({ id: 'integer', v: 'integer' }, ['id']);
  await database.query(
    'drop table if exists t; create table t as select id::integer, (id / 997)::integer as v from generate_series(1, 2000) id',
  );
  const cells = Array.from({ length: 2_000 }, (_, i): Cell[] => [BigInt(i + 1), 0n]);
  expect(await compare(database, cells, table, { limitRows: 50, namedMax: 2_000 })).toMatchObject({
    count: 1004,
    exact: true,
    named: { length: 1004 },
  });
});

test('keys of rows are told apart by kind and content', () => {
  const text = (s: string) => ({ text: Buffer.from(s) });
  const keysOfRows = [
    [1n],
    [12n],
    [1n, 2n],
    [text('1')],
    [text('1,t32')],
    [text('1'), text('2')],
    [{ blob: Buffer.from('1') }],
    [1.5],
  ];
  expect(new Set(keysOfRows.map(rowKeyText)).size).toBe(keysOfRows.length);
  expect(rowKeyText([42n])).toBe('42');
});

test.each(pgTypes)('%s, which a move can make, can be verified', (type) => {
  expect(readersOf(tableOf({ v: type }, []))).toHaveLength(1);
});
