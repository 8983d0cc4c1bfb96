import assert from 'node:assert/strict';
import type { Cursor } from '../contract.ts';
import { same, type Suite } from './check.ts';
import { person } from './people.ts';
import { idsOf, people, scansOf } from './scanned.ts';

/** Pages: each record once, whatever is written meanwhile. */
export function pageCases(suite: Suite): void {
  const scans = scansOf(suite);
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
}
