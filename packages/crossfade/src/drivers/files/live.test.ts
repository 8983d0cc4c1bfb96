import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { filesPlace, filesSchema, personOf } from '../../../test/support/files-place.ts';
import { forbidWriting } from '../../../test/support/forbid-writing.ts';
import type { IntentLog } from '../../store/live/intents.ts';
import { openPlace } from './place.ts';
import { makeChange } from './write.ts';

const put = (id: string, more = {}) => [{ kind: 'put', collection: 'people', row: personOf(id, more) }] as const;

test('the sidecars are there when their part was used, and not before', async () => {
  const { dir, store, driver } = filesPlace();
  const sidecars = (): string[] =>
    readdirSync(dir).filter((name) => ['.intents', '.fence', '.mirrored'].includes(name));
  await store.write(put('a'));
  await driver.capture.remove();
  await driver.capture.entries(10);
  await driver.fence.state();
  expect(sidecars()).toEqual([]);
  await driver.capture.install();
  expect(sidecars()).toEqual(['.intents']);
  await driver.fence.set(1n);
  await driver.mirror.begin(1n);
  expect(sidecars()).toEqual(['.fence', '.intents', '.mirrored']);
});

test('a write whose intent cannot be noted is not made, and leaves nothing', async () => {
  const { dir, store, driver, list, reopen } = filesPlace();
  await store.write(put('a', { photo: Uint8Array.of(1) }));
  await driver.capture.install();
  await reopen();
  const before = list('people');
  // The folder of the documents itself can be written.
  const allow = forbidWriting([dir], [join(dir, 'people'), join(dir, 'notes'), join(dir, 'loose')]);
  for (const write of [
    () => store.write(put('a', { photo: Uint8Array.of(2) })),
    () => store.write(put('b')),
    () => store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]),
  ])
    await expect(write()).rejects.toMatchObject({ code: 'E_STORE_FAILED', facts: { file: '.intents' } });
  expect(list('people')).toEqual(before);
  expect(await store.read('people', ['a'])).toEqual(personOf('a', { photo: Uint8Array.of(1) }));
  expect((await driver.capture.entries(10)).every(({ isSettled }) => isSettled)).toBe(true);
  allow();
  await store.write(put('b'));
  expect((await driver.capture.entries(10)).map(({ key }) => key)).toContainEqual(['b']);
});

test('an intent is down before its write can be seen, and ends when it lasts', async () => {
  const { dir } = filesPlace();
  const place = await openPlace(dir, filesSchema);
  onTestFinished(() => place.release());
  await place.intents.install();
  const there = (): string => ['people/a', 'notes/1'].filter((name) => existsSync(join(dir, `${name}.json`))).join();
  const seen: string[] = [];
  const watched: IntentLog = {
    ...place.intents,
    begin: async (touched) => {
      const intent = await place.intents.begin(touched);
      // Long enough for whoever would not wait.
      await setTimeout(20);
      seen.push(`noted ${touched.map(({ key }) => String(key)).join()}: ${there()}`);
      const end = (): void => {
        intent.end();
        seen.push(`ended: ${there()}`);
      };
      return { ...intent, end };
    },
  };
  const [a, note] = [personOf('a'), { number: 1, person: 'a', slug: 's' }];
  await makeChange(place, { kind: 'insert', collection: 'people', key: ['a'], row: a }, watched);
  await makeChange(place, { kind: 'put', collection: 'notes', key: [1], row: note }, watched);
  await makeChange(place, { kind: 'remove', collection: 'people', key: ['a'] }, watched);
  expect(seen).toEqual([
    'noted a: ',
    'ended: people/a',
    'noted 1: people/a',
    'ended: people/a,notes/1',
    'noted a,1: people/a,notes/1',
    'ended: ',
  ]);
});

test('a sidecar that Crossfade has not written keeps the store from opening, and stays', async () => {
  for (const [name, text] of [
    ['.intents', '{"crossfade":".intents","version":2}\n'],
    ['.fence', '{"epoch":"1"}'],
    ['.fence', 'x'],
    ['.mirrored', ''],
  ]) {
    const { store, plant, read } = filesPlace();
    plant(name, text);
    await expect(store.open()).rejects.toMatchObject({ code: 'E_STORE_DAMAGED', facts: { files: [name] } });
    expect(read(name)).toBe(text);
  }
});

test('keys of records that come and go do not make the intents grow', async () => {
  const { store, driver, read } = filesPlace();
  await store.open();
  await driver.capture.install();
  for (let i = 0; i < 30; i++) await store.write(put(`p${i % 3}`, { age: i }));
  await driver.capture.clear(await driver.capture.entries(100));
  await driver.capture.remove();
  expect(read('.intents').trimEnd().split('\n')).toHaveLength(2);
});

describe('what no fence stops is found', () => {
  test('documents that others have made, changed or removed since the opening, and none of ours', async () => {
    const { dir, store, driver, plant, reopen } = filesPlace();
    for (const id of ['changed', 'gone', 'kept', 'touched']) await store.write(put(id));
    await reopen();
    await driver.fence.set(1n);
    await driver.mirror.begin(1n);
    const row = personOf('kept', { age: 5 });
    await driver.mirror.apply(1n, [{ collection: 'people', key: ['kept'], row, version: 1n }]);
    await driver.bulk.load(1n, 'loose', { after: null, upTo: null }, [{ id: 'x', n: 1 }]);
    expect(await driver.strangers()).toEqual([]);
    plant('people/changed.json', '{"id":"changed","name":"other"}');
    utimesSync(join(dir, 'people/touched.json'), 1, 1);
    rmSync(join(dir, 'people/gone.json'));
    plant('people/made.json', '{"id":"made","name":"x"}');
    expect((await driver.strangers()).map(({ file, what }) => `${file} ${what}`)).toEqual([
      'changed.json was changed by somebody else while the store was open',
      'made.json was made by somebody else while the store was open',
      'touched.json was changed by somebody else while the store was open',
      'gone.json is gone',
    ]);
    await reopen();
    expect(await driver.strangers()).toEqual([]);
  });

  test('a document that somebody has changed is not written over, whatever of it was changed', async () => {
    const { dir, store, read } = filesPlace();
    for (const id of ['a', 'b', 'c']) await store.write([{ kind: 'put', collection: 'loose', row: { id, n: 1 } }]);
    // A field that neither finds nor binds the record, in a file of the same length.
    const theirs = read('loose/a.json').replace('1', '7');
    for (const id of ['a', 'b']) writeFileSync(join(dir, `loose/${id}.json`), theirs.replace('"a"', `"${id}"`));
    const damaged = { code: 'E_RECORD_DAMAGED', message: expect.stringContaining('by somebody else') };
    await expect(store.write([{ kind: 'put', collection: 'loose', row: { id: 'a', n: 2 } }])).rejects.toMatchObject(
      damaged,
    );
    await expect(store.write([{ kind: 'remove', collection: 'loose', key: ['b'] }])).rejects.toMatchObject(damaged);
    expect(read('loose/a.json')).toBe(theirs);
    for (const n of [2, 3]) await store.write([{ kind: 'patch', collection: 'loose', key: ['c'], set: { n } }]);
  });
});

test('a part that is asked while the store is closed says so', async () => {
  const { store, driver } = filesPlace();
  const closed = { code: 'E_STORE_CLOSED' };
  await expect(driver.capture.entries(1)).rejects.toMatchObject(closed);
  await store.open();
  await store.close();
  await expect(driver.fence.state()).rejects.toMatchObject(closed);
  await expect(driver.mirror.begin(1n)).rejects.toMatchObject(closed);
  await expect(driver.strangers()).rejects.toMatchObject(closed);
});

test('a load that is repeated writes nothing twice', async () => {
  const { dir, driver, store, list } = filesPlace();
  const rows = [personOf('a', { photo: Uint8Array.of(1), more: { b: [1] } }), personOf('b', { rate: 0.1 })];
  const everything = { after: null, upTo: null };
  await store.open();
  await driver.mirror.begin(1n);
  await driver.bulk.load(1n, 'people', everything, rows);
  // Whatever is written is another file.
  const files = (): string[] => list('people').map((name) => `${name} ${statSync(join(dir, 'people', name)).ino}`);
  const before = files();
  await driver.bulk.load(1n, 'people', everything, rows);
  expect(files()).toEqual(before);
  await driver.bulk.load(1n, 'people', everything, [rows[0], personOf('b', { rate: 0.2 })]);
  expect(files()).toHaveLength(3);
  expect(files().filter((file) => before.includes(file))).toHaveLength(2);
});

test('what the disk has broken off in the middle is there as far as it came, and is repeated', async () => {
  const { dir, store, driver } = filesPlace();
  const note = (number: number, person: string) => ({ number, person, slug: `s${number}` });
  await store.write(put('a'));
  await store.write([{ kind: 'put', collection: 'notes', row: note(1, 'a') }]);
  await driver.mirror.begin(1n);
  const mirrored = [
    { collection: 'people', key: ['a'], row: null, version: 1n },
    { collection: 'people', key: ['b'], row: personOf('b'), version: 2n },
    { collection: 'notes', key: [2], row: note(2, 'b'), version: 3n },
  ];
  const held = async (): Promise<boolean[]> => {
    const [a, b] = [await store.read('people', ['a']), await store.read('people', ['b'])];
    return [a, b, await store.read('notes', [1]), await store.read('notes', [2])].map((row) => row !== null);
  };
  const allow = forbidWriting([join(dir, 'notes')], [dir, join(dir, 'people')]);
  await expect(driver.mirror.apply(1n, mirrored)).rejects.toMatchObject({ code: 'E_STORE_FAILED' });
  expect(await held()).toEqual([true, true, true, false]);
  allow();
  expect(await driver.mirror.apply(1n, mirrored)).toBe(2);
  expect(await held()).toEqual([false, true, false, true]);
});

test('records whose guard cannot be noted are told to be there, and the call that is repeated notes it', async () => {
  const { dir, store, driver, reopen } = filesPlace();
  await store.open();
  await driver.mirror.begin(1n);
  const mirrored = (age: number, version: bigint) => [
    { collection: 'people', key: ['a'], row: personOf('a', { age }), version },
  ];
  await driver.mirror.apply(1n, mirrored(1, 1n));
  await reopen();
  // The file of the guards is written anew after an opening, in the folder itself.
  const allow = forbidWriting([dir], [join(dir, 'people')]);
  await expect(driver.mirror.apply(1n, mirrored(2, 2n))).rejects.toMatchObject({
    code: 'E_STORE_FAILED',
    message: expect.stringMatching(/records are there.*same call again/),
  });
  expect((await store.read('people', ['a']))?.age).toBe(2);
  allow();
  await driver.mirror.apply(1n, mirrored(2, 2n));
  await reopen();
  expect(await driver.mirror.apply(1n, mirrored(1, 1n))).toBe(0);
  expect((await store.read('people', ['a']))?.age).toBe(2);
});

test('a guard that cannot be noted does not hide why the records could not be written', async () => {
  const { dir, store, driver, reopen } = filesPlace();
  await store.write(put('a'));
  await driver.mirror.begin(1n);
  await reopen();
  forbidWriting([dir, join(dir, 'notes')], [join(dir, 'people')]);
  const note = { number: 1, person: 'a', slug: 's' };
  const failed = driver.mirror.apply(1n, [
    { collection: 'people', key: ['b'], row: personOf('b'), version: 1n },
    { collection: 'notes', key: [1], row: note, version: 2n },
  ]);
  await expect(failed).rejects.toMatchObject({
    code: 'E_STORE_FAILED',
    message: expect.not.stringContaining('.mirrored'),
  });
  expect(await store.read('people', ['b'])).not.toBeNull();
});
