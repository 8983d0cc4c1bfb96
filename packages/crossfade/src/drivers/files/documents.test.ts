import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filesPlace, personOf } from '../../../test/support/files-place.ts';

const photo = Uint8Array.of(1, 2, 3);
const sha256 = createHash('sha256').update(photo).digest('hex');

describe('a record is a document', () => {
  test('that any program reads without losing a digit, with its bytes in a file beside it', async () => {
    const { dir, store, read, list } = filesPlace();
    const row = personOf('alice', {
      age: 7,
      score: '12.50',
      serial: 9007199254740993n,
      rate: Infinity,
      more: { n: [1, null] },
      photo,
    });
    await store.write([{ kind: 'insert', collection: 'people', row }]);
    const [document, attachment] = list('people');
    expect([document, attachment]).toEqual(['alice.json', expect.stringMatching(/^alice\.photo\.[0-9a-f]{8}\.bin$/)]);
    expect(JSON.parse(read('people/alice.json'))).toEqual({
      id: 'alice',
      name: 'name of alice',
      age: 7,
      score: '12.50',
      serial: '9007199254740993',
      rate: 'Infinity',
      more: { n: [1, null] },
      photo: { file: attachment, bytes: 3, sha256 },
    });
    expect(read(`people/${attachment}`)).toBe('\u0001\u0002\u0003');
    expect(statSync(`${dir}/people/alice.json`).mode & 0o777).toBe(0o600);
    expect(await store.read('people', ['alice'])).toEqual(row);
  });

  test('that keeps to the letter what its schema does not know: over patch, put and update', async () => {
    const { store, read, plant, reopen } = filesPlace();
    const unknown = '"old": {"digits": 0.1000000000000000055511151231257827, "zero": -0, "name":"\\u0061"}';
    plant('people/a.json', `{${unknown}, "id": "a", "name": "before", "later": [1.0]}`);
    await reopen();
    const keeps = (name: string): void => {
      expect(read('people/a.json')).toContain(unknown);
      expect(read('people/a.json')).toContain('"later": [1.0]');
      expect(JSON.parse(read('people/a.json'))).toMatchObject({ id: 'a', name });
    };
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { name: 'patched' } }]);
    keeps('patched');
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { name: 'put' }) }]);
    keeps('put');
    await store.update('people', ['a'], (row) => row && { ...row, name: 'updated' });
    keeps('updated');
    expect(await store.read('people', ['a'])).toEqual(personOf('a', { name: 'updated' }));
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    await store.write([{ kind: 'insert', collection: 'people', row: personOf('a') }]);
    expect(read('people/a.json')).not.toContain('old');
  });

  test('whose attachments of fields that the schema does not know live as long as it does', async () => {
    const { store, list, plant, reopen } = filesPlace();
    plant('people/a.scan.00000001.bin', 'scan');
    plant('people/a.json', '{"id":"a","name":"n","scan":{"file":"a.scan.00000001.bin","bytes":4}}');
    await reopen();
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo }) }]);
    expect(list('people')).toContain('a.scan.00000001.bin');
    await reopen();
    expect(list('people')).toContain('a.scan.00000001.bin');
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    expect(list('people')).toEqual([]);
  });

  test('whose attachment is replaced with it, kept where it is the same, and gone with it', async () => {
    const { store, list } = filesPlace();
    const put = (bytes: Uint8Array | null) =>
      store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo: bytes }) }]);
    await put(photo);
    const [, first] = list('people');
    await put(photo);
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { name: 'n' } }]);
    expect(list('people')).toEqual(['a.json', first]);
    await put(Uint8Array.of(4));
    expect(list('people')).toHaveLength(2);
    expect(list('people')).not.toContain(first);
    expect((await store.read('people', ['a']))?.photo).toEqual(Uint8Array.of(4));
    await put(new Uint8Array());
    expect((await store.read('people', ['a']))?.photo).toEqual(new Uint8Array());
    await put(null);
    expect(list('people')).toEqual(['a.json']);
  });

  test('a text that names an attachment of the record neither keeps nor removes one', async () => {
    const { store, list } = filesPlace();
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo }) }]);
    const [, attachment] = list('people');
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { name: attachment } }]);
    await store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { name: 'n' } }]);
    expect((await store.read('people', ['a']))?.photo).toEqual(photo);
  });

  test('what a killed process has left is cleared away at the next opening, and nothing else', async () => {
    const { store, list, plant, reopen } = filesPlace();
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo }) }]);
    const own = list('people');
    plant('people/.0123456789abcdef.tmp', '{"id":');
    plant('.0123456789abcdef.tmp', '[[');
    plant('people/a.photo.00000000.bin', 'unreferenced');
    plant('people/b.photo.00000000.bin', 'of no record');
    plant('people/notes.txt', 'somebody');
    await reopen();
    expect(list('people')).toEqual([...own, 'notes.txt'].sort());
    expect(list('.')).toEqual(['.lock', '.owner', 'loose', 'notes', 'people']);
  });

  test('a removal of several records that was noted is carried out by the next opening', async () => {
    const { store, list, plant, reopen } = filesPlace();
    for (const id of ['a', 'b'])
      await store.write([{ kind: 'put', collection: 'people', row: personOf(id, { photo }) }]);
    for (const number of [1, 2])
      await store.write([{ kind: 'put', collection: 'notes', row: { number, person: 'a', slug: `s${number}` } }]);
    await store.close();
    plant('.removing', '[["people","a.json"],["notes","1.json"],["notes","2.json"]]');
    await reopen();
    expect(list('people').filter((name) => name.startsWith('a'))).toEqual([]);
    expect((await store.scan('people')).rows).toHaveLength(1);
    expect((await store.scan('notes')).rows).toEqual([]);
    expect(list('.')).not.toContain('.removing');
  });

  test.each([
    '{}',
    '[["..","x.json"]]',
    '[["people","../../x.json"]]',
    '[["people","a.photo.00000000.bin"]]',
    '[[".","x.json"]]',
  ])('a planted list of removals removes nothing outside: %s', async (text) => {
    const { store, plant, list } = filesPlace();
    plant('.removing', text);
    await expect(store.open()).rejects.toMatchObject({ code: 'E_STORE_DAMAGED', facts: { files: ['.removing'] } });
    expect(list('.')).toEqual(['.lock', '.removing']);
  });
});
