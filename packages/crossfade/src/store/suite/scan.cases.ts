import assert from 'node:assert/strict';
import type { Value } from '../../schema/collection.ts';
import type { Condition, Cursor, Page, ScanQuery, Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import type { SuiteSchema } from './schema.ts';
import { nastyText } from './values.ts';
import { person } from './write.cases.ts';

/** Order, conditions and pages. */
export function scanCases({ it }: Suite): void {
  const scans = (name: string, run: (store: Store<SuiteSchema>) => Promise<void>): void =>
    it(name, async (store) =>
      store.supports.orderedScan ? run(store) : refused('E_UNSUPPORTED', store.scan('people')),
    );
  scans('an empty collection is one empty page', async (store) =>
    same(await store.scan('people'), { rows: [], next: null }),
  );
  scans('records come in the order of the key, text by code points', async (store) => {
    const words = [...Object.values(nastyText).filter((word) => word.length < 1_000), 'B', 'a', 'Z', 'é', 'z', 'ä'];
    for (const word of [...new Set(words)])
      await store.write([{ kind: 'put', collection: 'words', row: { word, n: 0 } }]);
    const expected = [...new Set(words)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    same(
      (await store.scan('words', { limit: 1_000 })).rows.map(({ word }) => word),
      expected,
    );
    same(
      (await store.scan('words', { limit: 1_000, descending: true })).rows.map(({ word }) => word),
      expected.reverse(),
    );
  });
  scans('a key of several fields orders by each in turn', async (store) => {
    for (const id of ['b', 'a']) await store.write([{ kind: 'insert', collection: 'people', row: person(id) }]);
    for (const [who, number] of [
      ['b', 1],
      ['a', 10],
      ['a', 9],
      ['a', -1],
    ] as const)
      await store.write([{ kind: 'insert', collection: 'visits', row: { person: who, number, note: null } }]);
    const { rows } = await store.scan('visits');
    same(
      rows.map((row) => [row.person, row.number]),
      [
        ['a', -1],
        ['a', 9],
        ['a', 10],
        ['b', 1],
      ],
    );
  });
  scans('bigints are ordered as numbers', async (store) => {
    const codes = [9007199254740993n, -5n, 10n, 9n, -9223372036854775808n, 9007199254740992n];
    for (const code of codes)
      await store.write([{ kind: 'insert', collection: 'badges', row: { code, person: null } }]);
    const sorted = codes.toSorted((a, b) => (a < b ? -1 : 1));
    same(
      (await store.scan('badges')).rows.map(({ code }) => code),
      sorted,
    );
  });
  scans('moments, days and truth are ordered by time, and false before true', async (store) => {
    const rows = [
      { at: '1969-12-31T23:59:59.999999Z', day: '2026-01-01', on: true },
      { at: '2026-01-01T00:00:00.000000Z', day: '0001-01-01', on: false },
      { at: '2026-01-01T00:00:00.000000Z', day: '0001-01-01', on: true },
      { at: '2026-01-01T00:00:00.000000Z', day: '9999-12-31', on: false },
      { at: '2026-01-01T00:00:00.000001Z', day: '0001-01-01', on: false },
    ];
    for (const row of rows.toReversed()) await store.write([{ kind: 'insert', collection: 'moments', row }]);
    same((await store.scan('moments')).rows, rows);
  });
  scans('by an index: nulls first, equal ones by key', async (store) => {
    await people(store);
    same(await idsOf(store, { by: ['age'] }), ['d', 'g', 'e', 'a', 'c', 'b', 'f']);
    same(await idsOf(store, { by: ['age'], descending: true }), ['f', 'b', 'c', 'a', 'e', 'g', 'd']);
    same(await idsOf(store, { by: ['team', 'name'] }), ['d', 'a', 'c', 'g', 'b', 'e', 'f']);
    same(await idsOf(store, { by: ['email'], where: [{ field: 'email', is: '>', value: '' }] }), ['a', 'b']);
  });
  for (const limit of [1, 2, 3, 7, 8])
    for (const by of [['id'], ['age'], ['team', 'name']])
      for (const descending of [false, true]) {
        scans(
          `pages of ${limit} by ${by.join(', ')}${descending ? ', backwards' : ''} hold each record once`,
          async (store) => {
            await people(store);
            same(await idsOf(store, { by, descending, limit }), await idsOf(store, { by, descending, limit: 1_000 }));
          },
        );
      }
  for (const [conditions, ids] of conditionsAndIds) {
    scans(
      `where ${conditions.map(({ field, is, value }) => `${field} ${is} ${String(value)}`).join(' and ') || 'nothing is asked'}`,
      async (store) => {
        await people(store);
        same(await idsOf(store, { where: conditions, limit: 2 }), ids);
      },
    );
  }
  scans('a record that stays is on one page, whatever is written meanwhile', async (store) => {
    await people(store);
    const first = await store.scan('people', { limit: 3 });
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    await store.write([{ kind: 'insert', collection: 'people', row: person('aa') }]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['c'] }]);
    const rest = await store.scan('people', { limit: 10, after: first.next as Cursor });
    same(
      rest.rows.map(({ id }) => id),
      ['d', 'e', 'f', 'g'],
    );
  });
  scans('a page of exactly all records is followed by an empty one at the most', async (store) => {
    await people(store);
    const { rows, next } = await store.scan('people', { limit: 7 });
    assert.equal(rows.length, 7);
    if (next !== null) same(await store.scan('people', { limit: 7, after: next }), { rows: [], next: null });
  });
  for (const [what, query] of Object.entries(refusedScans)) {
    scans(`${what} is refused`, async (store) =>
      refused('E_SCAN_INVALID', store.scan('people', query as ScanQuery), ['secret']),
    );
  }
}

async function people(store: Store<SuiteSchema>): Promise<void> {
  const rows = [
    person('a', { age: 30, team: 'x', email: 'a@b' }),
    person('b', { age: 40, team: 'y', email: 'b@b' }),
    person('c', { age: 30, team: 'x' }),
    person('d'),
    person('e', { age: -1, team: 'y' }),
    person('f', { age: 2_147_483_647, team: 'z' }),
    person('g', { team: 'x', name: 'zz' }),
  ];
  for (const row of rows.toReversed()) await store.write([{ kind: 'insert', collection: 'people', row }]);
}

async function idsOf(store: Store<SuiteSchema>, query: ScanQuery): Promise<string[]> {
  const ids: string[] = [];
  let after: Cursor | null = null;
  do {
    const page: Page<{ readonly id: string }> = await store.scan('people', {
      ...query,
      ...(after === null ? {} : { after }),
    });
    ids.push(...page.rows.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids;
}

const where = (field: string, is: Condition['is'], value: Value): Condition => ({ field, is, value });

const conditionsAndIds: readonly (readonly [readonly Condition[], readonly string[]])[] = [
  [[], ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
  [[where('id', '=', 'c')], ['c']],
  [[where('id', '>', 'c')], ['d', 'e', 'f', 'g']],
  [
    [where('id', '>=', 'c'), where('id', '<', 'f')],
    ['c', 'd', 'e'],
  ],
  [[where('age', '=', 30)], ['a', 'c']],
  [[where('age', '<=', 30)], ['a', 'c', 'e']],
  [[where('age', '=', null)], ['d', 'g']],
  [[where('age', '>', null)], []],
  [
    [where('team', '=', 'x'), where('age', '>=', 30)],
    ['a', 'c'],
  ],
  [[where('name', '=', "'; DROP TABLE people; --")], []],
  [[where('team', '=', 'X')], []],
];

const refusedScans = {
  'a limit of 0': { limit: 0 },
  'a limit of 1,001': { limit: 1_001 },
  'a limit of 1.5': { limit: 1.5 },
  'an order that is not declared': { by: ['name'] },
  'a condition on no field': { where: [where('nose', '=', 'x')] },
  'a condition of another type': { where: [where('age', '=', 'secret')] },
  'another comparison': { where: [{ field: 'age', is: '<>', value: 1 }] },
  'a place that is none': { after: ['a', 'b', 'c'] },
};
