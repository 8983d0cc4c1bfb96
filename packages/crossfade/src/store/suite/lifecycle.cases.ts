import { refused, same, type Suite } from './check.ts';
import type { Store } from '../contract.ts';
import type { SuiteSchema } from './schema.ts';
import { person } from './people.ts';

/** Every verb, with what it answers on a store that holds the person `a`. */
const verbs: Readonly<Record<string, (store: Store<SuiteSchema>) => Promise<unknown>>> = {
  read: (store) => store.read('people', ['a']),
  scan: async (store) =>
    store.supports.orderedScan ? (await store.scan('people')).rows[0] : store.read('people', ['a']),
  insert: async (store) => {
    await store.write([{ kind: 'insert', collection: 'words', row: { word: 'w', n: 1 } }]);
    return store.read('people', ['a']);
  },
  patch: async (store) => {
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: {} }]);
    return store.read('people', ['a']);
  },
  update: async (store) =>
    store.supports.update ? store.update('people', ['a'], () => undefined) : store.read('people', ['a']),
};

/** Each verb in each state of a store's life. */
export function lifecycleCases({ it }: Suite): void {
  for (const [verb, call] of Object.entries(verbs)) {
    const it2 = (state: string, run: (store: Store<SuiteSchema>) => Promise<void>): void =>
      it(`${verb} of a store that ${state}`, async (store) => {
        await store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
        await run(store);
      });
    it2('is open', async (store) => same(await call(store), person('a')));
    it2('is opening', async (store) => {
      await store.close();
      const opening = store.open();
      const called = call(store);
      await opening;
      same(await called, store.supports.durable === 'nothing' ? person('a') : person('a'));
    });
    it2('is closing', async (store) => {
      const closing = store.close();
      await refused('E_STORE_CLOSED', call(store));
      await closing;
    });
    it2('is closed', async (store) => {
      await store.close();
      await refused('E_STORE_CLOSED', call(store));
    });
    it2('was opened again', async (store) => {
      await store.close();
      await store.open();
      same(await call(store), person('a'));
    });
  }
  it('a store opens by itself, once, however many calls come first', async (store) => {
    const calls = Array.from({ length: 20 }, () => store.read('people', ['a']));
    same(
      await Promise.all(calls),
      calls.map(() => null),
    );
  });
  it('open and close may be called twice', async (store) => {
    await Promise.all([store.open(), store.open()]);
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await store.open();
    same(await store.read('people', ['a']), null);
  });
  it('closing waits for the write that is under way', async (store) => {
    await store.open();
    const writing = store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
    await store.close();
    await writing;
    await store.open();
    same(await store.read('people', ['a']), person('a'));
  });
  it('open, close and open in one breath ends open', async (store) => {
    void store.open();
    void store.close();
    await store.open();
    same(await store.read('people', ['a']), null);
  });
}
