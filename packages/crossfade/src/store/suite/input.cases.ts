import { refused, same, type Suite } from './check.ts';
import { insert, person } from './people.ts';

const unfit = {
  'with a field that the schema does not have': { ...person('a'), nose: 'secret' },
  'without a field that may not be null': { id: 'a', email: null, age: null, team: null },
  'with null where none may be': { ...person('a'), name: null },
  'with text for a number': { ...person('a'), age: 'secret' },
};

const id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

/** What callers hand over: checked before anything is written, and theirs afterwards. */
export function inputCases({ it }: Suite): void {
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
}
