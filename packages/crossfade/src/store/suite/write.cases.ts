import { refused, same, type Suite } from './check.ts';
import { insert, person, put } from './people.ts';

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
}
