import type { Change, Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** Several changes: all or nothing, in order. */
export function atomicCases({ it }: Suite): void {
  const both = async (
    store: Store<SuiteSchema>,
    changes: readonly Change<SuiteSchema>[],
    judge: () => Promise<void>,
  ): Promise<void> => {
    if (!store.supports.atomic) return refused('E_UNSUPPORTED', store.write(changes));
    await store.write(changes);
    await judge();
  };
  it('several changes are made in order, also of one key', async (store) => {
    const changes: Change<SuiteSchema>[] = [
      insert(person('a')),
      { kind: 'patch', collection: 'people', key: ['a'], set: { age: 1 } },
      { kind: 'remove', collection: 'people', key: ['a'] },
      insert(person('a', { age: 2 })),
      put(person('b')),
    ];
    await both(store, changes, async () => {
      same(await store.read('people', ['a']), person('a', { age: 2 }));
      same(await store.read('people', ['b']), person('b'));
    });
  });
  for (const [what, last, code] of [
    ['an insert of a key that is there', insert(person('old')), 'E_KEY_EXISTS'],
    ['a patch of a key that is not', { kind: 'patch', collection: 'people', key: ['none'], set: {} }, 'E_KEY_MISSING'],
    ['a record that does not fit', insert({ ...person('c'), age: 0.5 }), 'E_ROW_INVALID'],
  ] as const) {
    it(`${what} takes back every change before it`, async (store) => {
      await store.write([insert(person('old', { age: 1 }))]);
      const changes = [
        insert(person('a')),
        { kind: 'patch', collection: 'people', key: ['old'], set: { age: 9 } } as const,
        { kind: 'remove', collection: 'people', key: ['old'] } as const,
        put(person('old', { age: 8 })),
        last,
      ];
      await refused(store.supports.atomic ? code : 'E_UNSUPPORTED', store.write(changes));
      same(await store.read('people', ['a']), null);
      same(await store.read('people', ['old']), person('old', { age: 1 }));
    });
  }
  it('500 changes are one write', async (store) => {
    const changes = Array.from({ length: 500 }, (_, i) => insert(person(`p${i}`)));
    await both(store, changes, async () => same(await store.read('people', ['p499']), person('p499')));
  });
}
