import assert from 'node:assert/strict';
import type { Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import type { SuiteSchema } from './schema.ts';
import { person } from './people.ts';

/** Read, decide, write: nobody else's write of the key comes in between. */
export function updateCases({ it }: Suite): void {
  const updates = (name: string, run: (store: Store<SuiteSchema>) => Promise<void>): void =>
    it(name, async (store) =>
      store.supports.update
        ? run(store)
        : refused(
            'E_UNSUPPORTED',
            store.update('people', ['a'], () => undefined),
          ),
    );
  updates('update changes a record and returns it', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a', { age: 1 }) }]);
    const row = await store.update('people', ['a'], (before) => before && { ...before, age: (before.age ?? 0) + 1 });
    same(row, person('a', { age: 2 }));
    same(await store.read('people', ['a']), person('a', { age: 2 }));
  });
  updates('update makes a record of nothing', async (store) => {
    const row = await store.update('people', ['a'], (before) => {
      same(before, null);
      return person('a');
    });
    same([row, await store.read('people', ['a'])], [person('a'), person('a')]);
  });
  updates('null removes the record', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
    same(await store.update('people', ['a'], () => null), null);
    same(await store.read('people', ['a']), null);
    same(await store.update('people', ['a'], () => null), null);
  });
  updates('undefined leaves the record as it is', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a', { age: 1 }) }]);
    same(await store.update('people', ['a'], () => undefined), person('a', { age: 1 }));
    same(await store.read('people', ['a']), person('a', { age: 1 }));
  });
  updates('an error of the function is passed on, and nothing is written', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
    const own = new Error('mine');
    const failing = store.update('people', ['a'], () => {
      throw own;
    });
    await assert.rejects(failing, (error) => error === own);
    same(await store.read('people', ['a']), person('a'));
  });
  updates('another key than that of the record is refused', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
    await refused(
      'E_KEY_INVALID',
      store.update('people', ['a'], () => person('b')),
    );
    same(await store.read('people', ['b']), null);
  });
  updates('a record that does not fit is refused', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
    await refused(
      'E_ROW_INVALID',
      store.update('people', ['a'], (row) => ({ ...row, name: null }) as never),
    );
    same(await store.read('people', ['a']), person('a'));
  });
  updates('50 updates of one key at once are all counted', async (store) => {
    await store.write([{ kind: 'insert', collection: 'people', row: person('a', { age: 0 }) }]);
    const increase = () => store.update('people', ['a'], (row) => row && { ...row, age: (row.age ?? 0) + 1 });
    await Promise.all(Array.from({ length: 50 }, increase));
    same(await store.read('people', ['a']), person('a', { age: 50 }));
  });
  updates('20 updates that all make the same record agree on one', async (store) => {
    const make = () => store.update('people', ['a'], (row) => row ?? person('a', { age: 1 }));
    for (const row of await Promise.all(Array.from({ length: 20 }, make))) same(row, person('a', { age: 1 }));
  });
}
