import type { Change, Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** Unique sets and references, where the store keeps them. */
export function constraintCases({ it }: Suite): void {
  const keeps = (name: string, run: (store: Store<SuiteSchema>) => Promise<void>): void =>
    it(name, async (store) => (store.supports.constraints ? run(store) : undefined));
  keeps('equal values of a unique set are refused, nulls are not equal', async (store) => {
    await store.write([insert(person('a', { email: 'x@y' }))]);
    await store.write([insert(person('b'))]);
    await store.write([insert(person('c'))]);
    await refused('E_UNIQUE', store.write([insert(person('d', { email: 'x@y' }))]), ['x@y']);
    await refused('E_UNIQUE', store.write([put(person('b', { email: 'x@y' }))]));
    await refused(
      'E_UNIQUE',
      store.write([{ kind: 'patch', collection: 'people', key: ['c'], set: { email: 'x@y' } }]),
    );
    same(await store.read('people', ['d']), null);
    same(await store.read('people', ['b']), person('b'));
    await store.write([insert(person('e', { email: 'X@Y' }))]);
  });
  keeps('a unique value is free again when its record is removed or changed', async (store) => {
    await store.write([insert(person('a', { email: 'x' }))]);
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { email: 'y' } }]);
    await store.write([insert(person('b', { email: 'x' }))]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    await store.write([insert(person('c', { email: 'y' }))]);
  });
  referenceCases(keeps);
}

/** What a record refers to, and what becomes of it when that goes. */
function referenceCases(keeps: (name: string, run: (store: Store<SuiteSchema>) => Promise<void>) => void): void {
  keeps('a record that refers to none is refused', async (store) => {
    const visit: Change<SuiteSchema> = {
      kind: 'insert',
      collection: 'visits',
      row: { person: 'a', number: 1, note: null },
    };
    await refused('E_REFERENCE', store.write([visit]));
    await store.write([insert(person('a'))]);
    await store.write([visit]);
    await refused(
      'E_REFERENCE',
      store.write([{ kind: 'insert', collection: 'badges', row: { code: 1n, person: 'b' } }]),
    );
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 1n, person: null } }]);
  });
  keeps('what refers to a removed record goes with it, or keeps it, as the schema says', async (store) => {
    for (const id of ['a', 'b']) await store.write([insert(person(id))]);
    await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: null } }]);
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 7n, person: 'b' } }]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    same(await store.read('visits', ['a', 1]), null);
    await refused('E_REFERENCE', store.write([{ kind: 'remove', collection: 'people', key: ['b'] }]));
    same(await store.read('people', ['b']), person('b'));
  });
  keeps('put of a record that others refer to touches none of them', async (store) => {
    await store.write([insert(person('a'))]);
    await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: 'stays' } }]);
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 7n, person: 'a' } }]);
    await store.write([put(person('a', { age: 5 }))]);
    same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: 'stays' });
    same(await store.read('badges', [7n]), { code: 7n, person: 'a' });
  });
  keeps('a record that is removed and made anew in one write keeps what refers to it', async (store) => {
    if (!store.supports.atomic) return;
    await store.write([insert(person('a'))]);
    await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: 'stays' } }]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }, insert(person('a', { age: 5 }))]);
    same(await store.read('people', ['a']), person('a', { age: 5 }));
    same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: 'stays' });
  });
  keeps('references count at the end of a write, not within it', async (store) => {
    if (!store.supports.atomic) return;
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 1n, person: 'a' } }, insert(person('a'))]);
    await store.write([
      { kind: 'remove', collection: 'people', key: ['a'] },
      { kind: 'remove', collection: 'badges', key: [1n] },
    ]);
    same(await store.read('people', ['a']), null);
  });
}
