import type { Row } from '../../schema/collection.ts';
import { refused, same, type Suite } from './check.ts';
import { heldValues, nastyText, refusedValues } from './values.ts';

const id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
const other = 'b1ffcd00-1d1c-4ef8-bb6d-6bb9bd380a11';

/** Every value comes back equal, or is refused by code before anything is written. */
export function valueCases({ it }: Suite): void {
  for (const { type, what, value, is } of heldValues) {
    it(`${type}: ${what} comes back equal, by read, by scan and from a store opened anew`, async (store, place) => {
      await store.write([{ kind: 'insert', collection: 'things', row: { id, [type]: value } as never }]);
      const expected = is ?? value;
      same(((await store.read('things', [id])) as Row)[type], expected);
      if (store.supports.orderedScan) same(((await store.scan('things')).rows[0] as Row)[type], expected);
      if (store.supports.durable === 'nothing') return;
      await store.close();
      const { store: again } = place.reopen();
      try {
        same(((await again.read('things', [id])) as Row)[type], expected);
      } finally {
        await again.close();
      }
    });
  }
  for (const { type, what, value } of refusedValues) {
    it(`${type}: ${what} is refused, and nothing is written`, async (store) => {
      const row = { id, [type]: value } as never;
      const secrets = typeof value === 'string' && value.length > 3 ? [value] : [];
      await refused('E_ROW_INVALID', store.write([{ kind: 'insert', collection: 'things', row }]), secrets);
      same(await store.read('things', [id]), null);
      await store.write([{ kind: 'insert', collection: 'things', row: { id: other } as never }]);
      const set = { [type]: value } as never;
      await refused(
        'E_ROW_INVALID',
        store.write([{ kind: 'patch', collection: 'things', key: [other], set }]),
        secrets,
      );
    });
  }
  for (const [what, word] of Object.entries(nastyText).filter(([, text]) => text.length < 1_000)) {
    it(`a key of ${what} names its record and no other`, async (store) => {
      for (const [n, text] of [word, `${word}x`, `y${word}`].entries())
        await store.write([{ kind: 'insert', collection: 'words', row: { word: text, n } }]);
      same(await store.read('words', [word]), { word, n: 0 });
      await store.write([{ kind: 'patch', collection: 'words', key: [word], set: { n: 9 } }]);
      await store.write([{ kind: 'remove', collection: 'words', key: [`y${word}`] }]);
      same(await store.read('words', [word]), { word, n: 9 });
      same(await store.read('words', [`${word}x`]), { word: `${word}x`, n: 1 });
      same(await store.read('words', [`y${word}`]), null);
    });
  }
  it('keys that differ in case, in form of Unicode or in blanks are different keys', async (store) => {
    const words = ['a', 'A', ' a', 'a ', 'a\u0301', '\u00e1', '\u00c1', '1', '01', '1.0'];
    for (const [n, word] of words.entries())
      await store.write([{ kind: 'insert', collection: 'words', row: { word, n } }]);
    for (const [n, word] of words.entries()) same(await store.read('words', [word]), { word, n });
  });
  it('a record of no value but its key has null in every other field', async (store) => {
    await store.write([{ kind: 'insert', collection: 'things', row: { id } as never }]);
    const row = (await store.read('things', [id])) as Row;
    same(Object.keys(row).sort(), Object.keys(store.schema.things.fields).sort());
    same(
      Object.values(row).filter((value) => value !== null),
      [id],
    );
  });
  it('names of collections and fields may be anything', async (store) => {
    const row = { 'a key': 1, SELECT: 'x', __proto__x: 'y', constructor: 'z' } as never;
    await store.write([{ kind: 'insert', collection: 'odd names; "quoted"', row }]);
    same(await store.read('odd names; "quoted"', [1]), row);
  });
}
