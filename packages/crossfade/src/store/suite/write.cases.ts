import type { RowOf } from '../../schema/collection.ts';
import type { Change, Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import type { SuiteSchema } from './schema.ts';

type Person = RowOf<SuiteSchema['people']>;

/** A person of the suite. */
export function person(id: string, more: Partial<Person> = {}): Person {
  return { id, name: `name of ${id}`, email: null, age: null, team: null, ...more };
}

const insert = (row: Person): Change<SuiteSchema> => ({ kind: 'insert', collection: 'people', row });
const put = (row: Person): Change<SuiteSchema> => ({ kind: 'put', collection: 'people', row });

/** What each change does, and that a refused write has done nothing. */
export function writeCases({ it }: Suite): void {
  it('a record that is not there is null', async (store) => same(await store.read('people', ['a']), null));
  it('insert makes a record', async (store) => {
    await store.write([insert(person('a', { age: 3 }))]);
    same(await store.read('people', ['a']), person('a', { age: 3 }));
  });
  it('insert of a key that is there is refused, and changes nothing', async (store) => {
    await store.write([insert(person('a', { age: 3 }))]);
    await refused('E_KEY_EXISTS', store.write([insert(person('a', { age: 4 }))]), ['name of a']);
    same(await store.read('people', ['a']), person('a', { age: 3 }));
  });
  it('put makes a record, and replaces it whole', async (store) => {
    await store.write([put(person('a', { age: 3, team: 'x' }))]);
    await store.write([put(person('a', { email: 'a@b' }))]);
    same(await store.read('people', ['a']), person('a', { email: 'a@b' }));
  });
  it('patch changes the fields that it names', async (store) => {
    await store.write([insert(person('a', { age: 3, team: 'x' }))]);
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { age: null, name: 'n' } }]);
    same(await store.read('people', ['a']), person('a', { name: 'n', team: 'x' }));
  });
  it('patch of nothing is a patch all the same: of a record that must be there', async (store) => {
    await store.write([insert(person('a'))]);
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: {} }]);
    await refused('E_KEY_MISSING', store.write([{ kind: 'patch', collection: 'people', key: ['b'], set: {} }]));
  });
  it('patch of a record that is not there is refused, and makes none', async (store) => {
    await refused('E_KEY_MISSING', store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { age: 1 } }]));
    same(await store.read('people', ['a']), null);
  });
  it('remove removes, and twice is no error', async (store) => {
    await store.write([insert(person('a'))]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    same(await store.read('people', ['a']), null);
  });
  it('a key of several fields names one record', async (store) => {
    await store.write([insert(person('a'))]);
    for (const number of [1, 2])
      await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number, note: `n${number}` } }]);
    await store.write([{ kind: 'remove', collection: 'visits', key: ['a', 1] }]);
    same(await store.read('visits', ['a', 1]), null);
    same(await store.read('visits', ['a', 2]), { person: 'a', number: 2, note: 'n2' });
  });
  it('keys of moments, days and truth name one record', async (store) => {
    const row = { at: '2026-03-01T09:30:00.000001Z', day: '2026-03-01', on: true };
    await store.write([{ kind: 'insert', collection: 'moments', row }]);
    same(await store.read('moments', ['2026-03-01T09:30:00.000001Z', '2026-03-01', true]), row);
    same(await store.read('moments', ['2026-03-01T09:30:00.000002Z', '2026-03-01', true]), null);
    same(await store.read('moments', ['2026-03-01T09:30:00.000001Z', '2026-03-01', false]), null);
  });
  it('a write of no changes does nothing', async (store) => store.write([]));
  for (const [what, row] of Object.entries(unfit)) {
    it(`a record ${what} is refused`, async (store) =>
      refused('E_ROW_INVALID', store.write([{ kind: 'put', collection: 'people', row: row as never }]), ['secret']));
  }
  for (const [what, key] of Object.entries({
    'too short': [],
    'too long': ['a', 'b'],
    'of another type': [1],
    'with a null': [null],
    'with a NUL': ['a\0'],
  })) {
    it(`a key ${what} is refused by every verb`, async (store) => {
      await refused('E_KEY_INVALID', store.read('people', key));
      await refused('E_KEY_INVALID', store.write([{ kind: 'remove', collection: 'people', key }]));
      await refused('E_KEY_INVALID', store.write([{ kind: 'patch', collection: 'people', key, set: {} }]));
      if (store.supports.update)
        await refused(
          'E_KEY_INVALID',
          store.update('people', key, () => null),
        );
    });
  }
  it('a patch of the key is refused', async (store) => {
    await store.write([insert(person('a'))]);
    await refused(
      'E_ROW_INVALID',
      store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { id: 'b' } }]),
    );
  });
  it('what a caller does with its own objects afterwards changes nothing', async (store) => {
    const json: Record<string, unknown> = { a: [1] };
    const bytes = Uint8Array.of(1, 2);
    await store.write([{ kind: 'put', collection: 'things', row: { id, json, bytes } as never }]);
    json.a = 2;
    bytes[0] = 9;
    const row = (await store.read('things', [id])) as Record<string, unknown>;
    same([row.json, row.bytes], [{ a: [1] }, Uint8Array.of(1, 2)]);
    (row.bytes as Uint8Array)[0] = 7;
    (row.json as { a: number[] }).a[0] = 7;
    const again = (await store.read('things', [id])) as Record<string, unknown>;
    same([again.json, again.bytes], [{ a: [1] }, Uint8Array.of(1, 2)]);
  });
  atomicCases({ it });
  constraintCases({ it });
}

const id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

const unfit = {
  'with a field that the schema does not have': { ...person('a'), nose: 'secret' },
  'without a field that may not be null': { id: 'a', email: null, age: null, team: null },
  'with null where none may be': { ...person('a'), name: null },
  'with text for a number': { ...person('a'), age: 'secret' },
};

/** Several changes: all or nothing, in order. */
function atomicCases({ it }: Suite): void {
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

/** Unique sets and references, where the store keeps them. */
function constraintCases({ it }: Suite): void {
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
