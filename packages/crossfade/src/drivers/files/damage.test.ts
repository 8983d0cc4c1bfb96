import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesPlace, personOf } from '../../../test/support/files-place.ts';

const secret = 'secret-value';

/** Documents of the record `a` that are none, and what is said of them. */
const documents: Readonly<Record<string, string | Uint8Array>> = {
  'is no whole JSON object': '{"id": "a", "name": "secret-val',
  'is not UTF-8': Buffer.from([0x7b, 0xff, 0x7d]),
  'has two members of one name': '{"id":"a","name":"x","name":"secret-value"}',
  'has another key than its name': '{"id":"secret-value","name":"x"}',
  'has no "name"': '{"id":"a"}',
  'has a "age" that is no integer': '{"id":"a","name":"x","age":"secret-value"}',
  'has a "serial" that is no bigint': '{"id":"a","name":"x","serial":12}',
  'has a "score" that is no numeric': '{"id":"a","name":"x","score":"01"}',
  'has a "rate" that is no double': '{"id":"a","name":"x","rate":0.1000000000000000055511151231257827}',
  'has a "photo" that does not refer to an attachment of the record':
    '{"id":"a","name":"x","photo":{"file":"../secret-value","bytes":1,"sha256":""}}',
  'refers to an attachment that is not there':
    '{"id":"a","name":"x","photo":{"file":"a.photo.00000000.bin","bytes":1,"sha256":""}}',
};

describe('what cannot be read', () => {
  for (const [reason, text] of Object.entries(documents)) {
    test(`a document that ${reason} is listed, named by a scan, and neither read nor replaced`, async () => {
      const { store, driver, plant, read, list } = filesPlace();
      plant('people/a.json', text);
      plant('people/b.json', '{"id":"b","name":"x"}');
      plant('people/a.photo.12345678.bin', 'may be all that is left');
      await store.open();
      expect(driver.damaged()).toEqual([{ collection: 'people', file: 'a.json', reason }]);
      const damaged = { code: 'E_RECORD_DAMAGED', facts: { collection: 'people', files: ['a.json'] } };
      const before = read('people/a.json');
      for (const call of [
        () => store.read('people', ['a']),
        () => store.scan('people'),
        () => store.write([{ kind: 'put', collection: 'people', row: personOf('a') }]),
        () => store.write([{ kind: 'insert', collection: 'people', row: personOf('a') }]),
        () => store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: {} }]),
        () => store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]),
        () => store.update('people', ['a'], () => null),
      ]) {
        const error = await call().catch((thrown: Error) => thrown);
        expect(error).toMatchObject(damaged);
        expect((error as Error).message).not.toContain(secret);
      }
      expect(read('people/a.json')).toBe(before);
      expect(list('people')).toContain('a.photo.12345678.bin');
      // Others are read as ever.
      expect(await store.read('people', ['b'])).toEqual(personOf('b', { name: 'x' }));
      expect(await store.read('people', ['c'])).toBeNull();
    });
  }

  test('no document is taken from a link, a folder, or a name of other letters', async () => {
    const { dir, store, driver, plant } = filesPlace();
    plant('elsewhere.json', '{"id":"link","name":"x"}');
    mkdirSync(join(dir, 'people/folder.json'), { recursive: true });
    symlinkSync(join(dir, 'elsewhere.json'), join(dir, 'people/link.json'));
    plant('people/Upper.json', '{"id":"Upper","name":"x"}');
    plant('people/lower.JSON', '{"id":"lower","name":"x"}');
    await store.open();
    expect(
      driver
        .damaged()
        .map(({ file, reason }) => `${file} ${reason}`)
        .sort(),
    ).toEqual([
      'Upper.json has another key than its name',
      'folder.json is no regular file',
      'link.json is no regular file',
      'lower.JSON does not end in .json, in small letters',
    ]);
    await expect(store.scan('people')).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
  });

  test('a mended document is read again by the next opening', async () => {
    const { store, driver, plant, reopen } = filesPlace();
    plant('people/a.json', '{"id":');
    await store.open();
    plant('people/a.json', '{"id":"a","name":"mended"}');
    await reopen();
    expect(driver.damaged()).toEqual([]);
    expect((await store.scan('people')).rows).toEqual([personOf('a', { name: 'mended' })]);
  });

  test('unique sets and references are not judged without what cannot be read', async () => {
    const { store, plant } = filesPlace();
    plant('people/a.json', '{"id":');
    await store.open();
    const damaged = { code: 'E_RECORD_DAMAGED', facts: { collection: 'people' } };
    const note = { number: 1, person: 'a', slug: 's' };
    await expect(store.write([{ kind: 'put', collection: 'notes', row: note }])).rejects.toMatchObject(damaged);
    await expect(store.write([{ kind: 'remove', collection: 'notes', key: [1] }])).rejects.toMatchObject(damaged);
    await store.write([{ kind: 'put', collection: 'loose', row: { id: 'x', n: 1 } }]);
    plant('loose/y.json', 'no');
    expect(await store.read('loose', ['x'])).toEqual({ id: 'x', n: 1 });
  });

  for (const [what, damage] of Object.entries({
    shorter: (bytes: Buffer) => bytes.subarray(1),
    'of other bytes': (bytes: Buffer) => Buffer.from(bytes).fill(9, 1, 2),
  })) {
    test(`an attachment that is ${what} is no value of its record`, async () => {
      const { store, driver, plant, list, reopen } = filesPlace();
      await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo: Uint8Array.of(1, 2, 3) }) }]);
      const [, attachment] = list('people');
      plant(`people/${attachment}`, damage(Buffer.from([1, 2, 3])));
      await reopen();
      await expect(store.read('people', ['a'])).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
      expect(driver.damaged()).toEqual([
        {
          collection: 'people',
          file: 'a.json',
          reason: expect.stringMatching(/^refers to an attachment (of another|whose)/),
        },
      ]);
    });
  }
});

describe('somebody else in the folder while the store is open', () => {
  test('a document that was removed, changed or made is no silent answer, and is not lost', async () => {
    const { dir, store, plant, read } = filesPlace();
    for (const id of ['gone', 'changed'])
      await store.write([{ kind: 'put', collection: 'people', row: personOf(id, { age: 1 }) }]);
    rmSync(join(dir, 'people/gone.json'));
    plant('people/changed.json', '{"id":"changed","name":"x","age":2}');
    plant('people/made.json', '{"id":"made","name":"x"}');
    await expect(store.read('people', ['gone'])).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
    await expect(store.read('people', ['changed'])).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
    await expect(store.write([{ kind: 'insert', collection: 'people', row: personOf('made') }])).rejects.toMatchObject({
      code: 'E_RECORD_DAMAGED',
    });
    expect(read('people/made.json')).toContain('"x"');
    await expect(store.scan('people')).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
  });
});
