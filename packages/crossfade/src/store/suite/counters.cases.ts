import assert from 'node:assert/strict';
import { same, type Suite } from './check.ts';
import { liveCasesOf } from './live.ts';
import { person, put } from './people.ts';

/** Raising says whether there is a counter. What it then gives is the place's own, and is tested with its driver. */
export function counterCases(suite: Suite): void {
  liveCasesOf(suite, 'counters')('raising says whether there is one, again and again', async (counters, store) => {
    await store.write([put(person('a', { age: 1 }))]);
    for (const collection of Object.keys(store.schema)) {
      const isThere = await counters.raise(collection, 9_000_000_000_000_000_000n);
      assert.equal(typeof isThere, 'boolean');
      for (const lower of [1n, 9_000_000_000_000_000_000n]) same(await counters.raise(collection, lower), isThere);
    }
    same(await store.read('people', ['a']), person('a', { age: 1 }));
    await store.write([put(person('b'))]);
  });
}
