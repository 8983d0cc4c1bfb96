import { expect, test } from 'vitest';
import { sqliteStore, stranger } from '../../../../test/support/sqlite-store.ts';
import { person } from '../../../store/suite/people.ts';

const everyKey = { after: null, upTo: null };
const mirrored = (id: string, version: bigint, name: string | null) => ({
  collection: 'people',
  key: [id],
  row: name === null ? null : person(id, { name }),
  version,
});

test('what is mirrored or loaded passes the fence and is not captured, cascades included', async () => {
  const { store, driver, path } = await sqliteStore();
  await store.write([
    { kind: 'put', collection: 'people', row: person('a') },
    { kind: 'put', collection: 'visits', row: { person: 'a', number: 1, note: null } },
  ]);
  await driver.capture.install();
  await driver.mirror.begin(1n);
  await driver.fence.set(1n);
  expect(await driver.mirror.apply(1n, [mirrored('a', 1n, null), mirrored('b', 2n, 'B')])).toBe(2);
  expect(await driver.bulk.load(1n, 'words', everyKey, [{ word: 'w', n: 1 }])).toEqual({ written: 1, removed: 0 });
  expect([await store.read('people', ['a']), await store.read('visits', ['a', 1])]).toEqual([null, null]);
  expect(await driver.capture.entries(10)).toEqual([]);
  expect(await driver.capture.stands()).toMatchObject({ stands: true });
  expect(() => stranger(path).exec('DELETE FROM people')).toThrow(/nothing may be written here/);
  expect(stranger(path).prepare('SELECT * FROM crossfade_passage').all()).toEqual([]);
});

test('a mirror that is refused has opened no passage', async () => {
  const { store, driver } = await sqliteStore();
  await store.write([{ kind: 'put', collection: 'people', row: person('a', { email: 'x' }) }]);
  await driver.mirror.begin(1n);
  await driver.fence.set(1n);
  const taken = { collection: 'people', key: ['b'], row: person('b', { email: 'x' }), version: 1n };
  await expect(driver.mirror.apply(1n, [taken])).rejects.toMatchObject({ code: 'E_UNIQUE' });
  await expect(driver.mirror.apply(2n, [taken])).rejects.toMatchObject({ code: 'E_FENCED' });
  await expect(store.write([{ kind: 'put', collection: 'people', row: person('c') }])).rejects.toMatchObject({
    code: 'E_FENCED',
  });
  // The guard went back with the record: repaired, the same version is applied.
  const repaired = { ...taken, row: person('b') };
  expect(await driver.mirror.apply(1n, [repaired])).toBe(1);
  expect(await driver.mirror.apply(1n, [repaired])).toBe(0);
});

test('two records that exchange their unique values are mirrored in one call', async () => {
  const { store, driver } = await sqliteStore();
  for (const id of ['a', 'b'])
    await store.write([{ kind: 'put', collection: 'people', row: person(id, { email: id }) }]);
  await driver.mirror.begin(1n);
  const swapped = [
    { collection: 'people', key: ['a'], row: person('a', { email: 'b' }), version: 1n },
    { collection: 'people', key: ['b'], row: person('b', { email: 'a' }), version: 2n },
  ];
  expect(await driver.mirror.apply(1n, swapped)).toBe(2);
  expect((await store.read('people', ['a']))?.email).toBe('b');
});

test('a load removes what lies in its range beyond the records, also a key that the schema does not hold', async () => {
  const { store, driver, path } = await sqliteStore();
  const db = stranger(path);
  db.exec(`INSERT INTO words VALUES ('a', 1), ('b', 1), ('c', 1), ('d', 1), ('e', 1), (CAST(x'62ff' AS TEXT), 1)`);
  await driver.mirror.begin(1n);
  const rows = ['b', 'c'].map((word) => ({ word, n: 2 }));
  const range = { after: ['a'], upTo: ['d'] };
  expect(await driver.bulk.load(1n, 'words', range, rows, [['c'], ['e']])).toEqual({ written: 1, removed: 2 });
  expect((await store.scan('words')).rows.map(({ word, n }) => [word, n])).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 1],
    ['e', 1],
  ]);
});

test('a snapshot is one state, whoever writes meanwhile, and holds up nobody', async () => {
  const { store, driver, path } = await sqliteStore();
  const db = stranger(path);
  db.exec(`INSERT INTO words VALUES ('a', 1), ('b', 1)`);
  await driver.bulk.snapshot(async (snapshot) => {
    db.exec(`UPDATE words SET n = 2; DELETE FROM words WHERE word = 'b'`);
    await store.write([{ kind: 'put', collection: 'words', row: { word: 'c', n: 1 } }]);
    expect((await snapshot.range('words', everyKey, 10)).map(({ word, n }) => [word, n])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(await snapshot.read('words', ['c'])).toBeNull();
  });
  expect((await driver.bulk.range('words', everyKey, 10)).map(({ word }) => word)).toEqual(['a', 'c']);
});
