import type { Change, Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/**
 * Unique sets and references. A store that does not keep them keeps none of them: it refuses no record for another's
 * sake, and what it was not asked to remove stays.
 */
export function constraintCases(suite: Suite): void {
  uniqueCases(suite);
  referenceCases(suite);
  momentCases(suite);
}

type Case = (store: Store<SuiteSchema>) => Promise<void>;

/** A case of a store that keeps constraints, and what becomes of the same records in one that does not. */
function keeps({ it }: Suite, name: string, kept: Case, unkept: Case): void {
  it(name, async (store) => (store.supports.constraints ? kept(store) : unkept(store)));
}

const visit = (of: string, note: string | null = null): Change<SuiteSchema> => ({
  kind: 'insert',
  collection: 'visits',
  row: { person: of, number: 1, note },
});
const badge = (code: bigint, of: string | null): Change<SuiteSchema> => ({
  kind: 'insert',
  collection: 'badges',
  row: { code, person: of },
});
const remove = (id: string): Change<SuiteSchema> => ({ kind: 'remove', collection: 'people', key: [id] });
const email = (id: string, value: string): Change<SuiteSchema> => ({
  kind: 'patch',
  collection: 'people',
  key: [id],
  set: { email: value },
});

/** Each change as a write of its own. */
async function oneByOne(store: Store<SuiteSchema>, changes: readonly Change<SuiteSchema>[]): Promise<void> {
  for (const change of changes) await store.write([change]);
}

function uniqueCases(suite: Suite): void {
  keeps(
    suite,
    'equal values of a unique set are refused, nulls are not equal',
    async (store) => {
      await oneByOne(store, [insert(person('a', { email: 'x@y' })), insert(person('b')), insert(person('c'))]);
      await refused('E_UNIQUE', store.write([insert(person('d', { email: 'x@y' }))]), ['x@y']);
      await refused('E_UNIQUE', store.write([put(person('b', { email: 'x@y' }))]));
      await refused('E_UNIQUE', store.write([email('c', 'x@y')]));
      same(await store.read('people', ['d']), null);
      same(await store.read('people', ['b']), person('b'));
      await store.write([insert(person('e', { email: 'X@Y' }))]);
    },
    async (store) => {
      const twins = ['a', 'b', 'c'].map((id) => person(id, { email: 'x@y' }));
      await oneByOne(store, [insert(twins[0]), put(twins[1]), insert(person('c')), email('c', 'x@y')]);
      for (const twin of twins) same(await store.read('people', [twin.id]), twin);
    },
  );
  suite.it('a unique value is free again when its record is removed or changed', async (store) => {
    await oneByOne(store, [insert(person('a', { email: 'x' })), email('a', 'y'), insert(person('b', { email: 'x' }))]);
    await oneByOne(store, [remove('a'), insert(person('c', { email: 'y' }))]);
    same(await store.read('people', ['b']), person('b', { email: 'x' }));
    same(await store.read('people', ['c']), person('c', { email: 'y' }));
  });
}

/** What a record refers to, and what becomes of it when that goes. */
function referenceCases(suite: Suite): void {
  keeps(
    suite,
    'a record that refers to none is refused',
    async (store) => {
      await refused('E_REFERENCE', store.write([visit('a')]));
      await oneByOne(store, [insert(person('a')), visit('a')]);
      await refused('E_REFERENCE', store.write([badge(1n, 'b')]));
      await store.write([badge(1n, null)]);
    },
    async (store) => {
      await oneByOne(store, [visit('a'), badge(1n, 'b')]);
      same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: null });
      same(await store.read('badges', [1n]), { code: 1n, person: 'b' });
    },
  );
  keeps(
    suite,
    'what refers to a removed record goes with it, or keeps it, as the schema says',
    async (store) => {
      await oneByOne(store, [insert(person('a')), insert(person('b')), visit('a'), badge(7n, 'b'), remove('a')]);
      same(await store.read('visits', ['a', 1]), null);
      await refused('E_REFERENCE', store.write([remove('b')]));
      same(await store.read('people', ['b']), person('b'));
    },
    async (store) => {
      await oneByOne(store, [insert(person('a')), visit('a'), badge(7n, 'a'), remove('a')]);
      same(await store.read('people', ['a']), null);
      same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: null });
      same(await store.read('badges', [7n]), { code: 7n, person: 'a' });
    },
  );
  suite.it('put of a record that others refer to touches none of them', async (store) => {
    await oneByOne(store, [insert(person('a')), visit('a', 'stays'), badge(7n, 'a'), put(person('a', { age: 5 }))]);
    same(await store.read('people', ['a']), person('a', { age: 5 }));
    same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: 'stays' });
    same(await store.read('badges', [7n]), { code: 7n, person: 'a' });
  });
}

/** When constraints count: at the end of a write of several changes, which only an atomic store takes. */
function momentCases({ it }: Suite): void {
  it('a record that is removed and made anew in one write keeps what refers to it', async (store) => {
    const { atomic } = store.supports;
    await oneByOne(store, [insert(person('a')), visit('a', 'stays')]);
    await together(store, [remove('a'), insert(person('a', { age: 5 }))]);
    same(await store.read('people', ['a']), person('a', atomic ? { age: 5 } : {}));
    same(await store.read('visits', ['a', 1]), { person: 'a', number: 1, note: 'stays' });
  });
  it('references count at the end of a write, not within it', async (store) => {
    const { atomic } = store.supports;
    await together(store, [badge(1n, 'a'), insert(person('a'))]);
    same(await store.read('people', ['a']), atomic ? person('a') : null);
    same(await store.read('badges', [1n]), atomic ? { code: 1n, person: 'a' } : null);
    await together(store, [remove('a'), { kind: 'remove', collection: 'badges', key: [1n] }]);
    same(await store.read('people', ['a']), null);
    same(await store.read('badges', [1n]), null);
  });
}

/** One write, or the refusal that a store owes which takes only one change a write. */
function together(store: Store<SuiteSchema>, changes: readonly Change<SuiteSchema>[]): Promise<void> {
  const write = store.write(changes);
  return store.supports.atomic ? write : refused('E_UNSUPPORTED', write);
}
