import type { Key, Row } from '../../schema/collection.ts';
import type { Change, Store } from '../contract.ts';
import type { Bulk, KeyRange } from '../live/bulk.ts';
import { same, type Suite } from './check.ts';
import { liveCasesOf } from './live.ts';
import { insert, person } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** All keys there may be. */
export const everything: KeyRange = { after: null, upTo: null };

/** Visits of three people, written in another order than that of their keys. */
const visits: readonly Row[] = ['a', 'b', 'c'].flatMap((who) =>
  [-1, 2, 10].map((number) => ({ person: who, number, note: null })),
);

async function visited(store: Store<SuiteSchema>): Promise<void> {
  for (const id of ['a', 'b', 'c']) await store.write([insert(person(id))]);
  for (const row of visits.toReversed())
    await store.write([{ kind: 'insert', collection: 'visits', row } as Change<SuiteSchema>]);
}

/** Ranges of visits, and which of them lie there: those from one index up to another. */
const ranges: readonly (readonly [after: Key | null, upTo: Key | null, from: number, to: number])[] = [
  [null, null, 0, 9],
  [null, ['a', 10], 0, 3],
  [['a', 10], null, 3, 9],
  [['a', 2], ['b', 2], 2, 5],
  [['a', 3], ['b', 3], 2, 5],
  [['a', 11], ['b', -2], 3, 3],
  [['b', -2], ['b', -1], 3, 4],
  [['b', -1], ['b', -1], 4, 4],
  [['b', 2], ['a', 2], 5, 5],
  [['c', 10], null, 9, 9],
  [null, ['', 0], 0, 0],
  [['0', 99], ['bb', 0], 0, 6],
];

/** Collections whose keys have another order in one place or another, in order. */
const ordered: Readonly<Record<string, readonly Row[]>> = {
  words: ['', 'B', 'Z', 'a', 'ab', 'b', 'é', '\ue000', '\uffff', '\u{1f600}'].map((word) => ({ word, n: 1 })),
  badges: [-9223372036854775808n, -1n, 0n, 2n, 10n, 9007199254740992n, 9007199254740993n].map((code) => ({
    code,
    person: null,
  })),
  moments: [
    ['0001-01-01T00:00:00.000000Z', '2026-01-01', true],
    ['2026-01-01T00:00:00.000000Z', '2025-12-31', true],
    ['2026-01-01T00:00:00.000000Z', '2026-01-01', false],
    ['2026-01-01T00:00:00.000000Z', '2026-01-01', true],
    ['2026-01-01T00:00:00.000001Z', '0001-01-01', false],
  ].map(([at, day, on]) => ({ at, day, on })),
};

/** Reading ranges of keys. */
export function bulkCases(suite: Suite): void {
  const bulks = liveCasesOf(suite, 'bulk');
  bulks('a range has what lies behind one key and up to another, in the order of the key', async (bulk, store) => {
    same(await bulk.range('visits', everything, 10), []);
    await visited(store);
    for (const [after, upTo, from, to] of ranges)
      same(await bulk.range('visits', { after, upTo }, 100), visits.slice(from, to));
  });
  bulks('a range has at most as many as are asked for', async (bulk, store) => {
    await visited(store);
    same(await bulk.range('visits', everything, 4), visits.slice(0, 4));
    same(await bulk.range('visits', { after: ['a', -1], upTo: ['b', 2] }, 2), visits.slice(1, 3));
    same(await bulk.range('visits', everything, 9), visits);
  });
  for (const [collection, rows] of Object.entries(ordered)) {
    bulks(`ranges of ${collection} that join have every record once, in order`, async (bulk, store) => {
      for (const row of [...rows.slice(3), ...rows.slice(0, 3)])
        await store.write([{ kind: 'insert', collection, row } as Change<SuiteSchema>]);
      same(await pages(bulk, collection, store.schema[collection as 'words'].key), rows);
      same(await bulk.range(collection, { after: null, upTo: keyOf(rows[2]) }, 10), rows.slice(0, 3));
      same(await bulk.range(collection, { after: keyOf(rows[2]), upTo: keyOf(rows[4]) }, 10), rows.slice(3, 5));

      function keyOf(row: Row): Key {
        return store.schema[collection as 'words'].key.map((field) => row[field]);
      }
    });
  }
  bulks('a range has every value of a record', async (bulk, store, { live: { mirror } }) => {
    const row = {
      id: '00000000-0000-0000-0000-000000000001',
      text: 'x',
      integer: -1,
      bigint: 9007199254740993n,
      numeric: '-12.50',
      double: 0.1,
      boolean: false,
      timestamptz: '2026-03-01T09:30:00.000001Z',
      timestamp: '2026-03-01T09:30:00.000001',
      date: '2026-03-01',
      uuid: 'ffffffff-0000-0000-0000-000000000001',
      json: { b: [1, null], a: '\u{1f600}' },
      bytes: Uint8Array.of(0, 255),
    };
    await store.write([{ kind: 'insert', collection: 'things', row }]);
    same(await bulk.range('things', everything, 2), [await store.read('things', [row.id])]);
    if (mirror === undefined) return;
    await mirror.begin(1n);
    same(await bulk.load(1n, 'things', everything, [{ ...row, bytes: Uint8Array.of(1), json: [2] }]), {
      written: 1,
      removed: 0,
    });
    same(await bulk.range('things', everything, 2), [{ ...row, bytes: Uint8Array.of(1), json: [2] }]);
  });
}

/** Every record, three at a time. */
async function pages(bulk: Bulk, collection: string, key: readonly string[]): Promise<Row[]> {
  const found: Row[] = [];
  for (let after: Key | null = null; ; ) {
    const page: readonly Row[] = await bulk.range(collection, { after, upTo: null }, 3);
    found.push(...page);
    if (page.length < 3) return found;
    after = key.map((field) => page[2][field]);
  }
}
