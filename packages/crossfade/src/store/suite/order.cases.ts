import { same, type Suite } from './check.ts';
import { person } from './people.ts';
import { idsOf, people, scansOf } from './scanned.ts';
import { nastyText } from './values.ts';

/** The order of a scan: that of the key, or of an index. */
export function orderCases(suite: Suite): void {
  const scans = scansOf(suite);
  scans('an empty collection is one empty page', async (store) =>
    same(await store.scan('people'), { rows: [], next: null }),
  );
  scans('records come in the order of the key, text by code points', async (store) => {
    const words = new Set([
      ...Object.values(nastyText).filter((word) => word.length < 1_000),
      'B',
      'a',
      'Z',
      'é',
      'z',
      'ä',
    ]);
    for (const word of words) await store.write([{ kind: 'put', collection: 'words', row: { word, n: 0 } }]);
    const expected = [...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    same(
      (await store.scan('words', { limit: 1_000 })).rows.map(({ word }) => word),
      expected,
    );
    same(
      (await store.scan('words', { limit: 1_000, descending: true })).rows.map(({ word }) => word),
      expected.toReversed(),
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
  typeCases(scans);
}

/** Types whose order is not that of their spelling, and orders that are not that of the key. */
function typeCases(scans: ReturnType<typeof scansOf>): void {
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
}
