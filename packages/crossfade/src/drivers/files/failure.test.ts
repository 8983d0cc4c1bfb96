import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { bodyOf, familySchema } from '../../../test/support/files-family.ts';
import { filesPlace, personOf } from '../../../test/support/files-place.ts';
import { forbidWriting } from '../../../test/support/forbid-writing.ts';
import { openStore } from '../../store/store.ts';
import { filesDriver } from './files.ts';

const failed = { code: 'E_STORE_FAILED' };
const child = join(import.meta.dirname, '../../../test/support/files-child.ts');

describe('a folder that fails', () => {
  test('a folder that is a file is refused at opening', async () => {
    const dir = join(tempFolder(), 'file');
    writeFileSync(dir, '');
    const store = openStore(familySchema, filesDriver({ dir }));
    await expect(store.open()).rejects.toMatchObject(failed);
  });

  test('a folder that may not be written is refused at opening, or refuses the write', async () => {
    const { dir, store } = filesPlace();
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a') }]);
    const allow = forbidWriting([dir, join(dir, 'people')]);
    const writing = store.write([{ kind: 'put', collection: 'people', row: personOf('a', { name: 'other' }) }]);
    await expect(writing).rejects.toMatchObject({ ...failed, facts: { reason: 'EACCES' } });
    await store.close();
    await expect(store.open()).rejects.toMatchObject(failed);
    allow();
    await store.open();
    expect(await store.read('people', ['a'])).toEqual(personOf('a'));
  });

  test('a removal of several records that stops half-way is unknown until it is completed by the next opening', async () => {
    const { dir, store, list } = filesPlace();
    await store.write([{ kind: 'put', collection: 'people', row: personOf('a', { photo: Uint8Array.of(1) }) }]);
    for (const number of [1, 2])
      await store.write([{ kind: 'put', collection: 'notes', row: { number, person: 'a', slug: `s${number}` } }]);
    const allow = forbidWriting([join(dir, 'notes')], [dir, join(dir, 'people')]);
    const removing = store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    await expect(removing).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN', facts: { reason: 'EACCES' } });
    expect([list('people').includes('a.json'), list('notes')]).toEqual([false, ['1.json', '2.json']]);
    // What is in memory may not be what is on the disk, so nothing is answered by it.
    await expect(store.read('people', ['a'])).rejects.toMatchObject(failed);
    await expect(store.scan('notes')).rejects.toMatchObject(failed);
    await expect(store.update('people', ['a'], () => null)).rejects.toMatchObject(failed);
    allow();
    await store.close();
    await store.open();
    expect((await store.scan('notes')).rows).toEqual([]);
    expect([list('people'), list('notes')]).toEqual([[], []]);
  });

  test('a folder that was removed takes no write, and does not say that its records never were', async () => {
    const { dir, store } = filesPlace();
    await store.write([{ kind: 'put', collection: 'loose', row: { id: 'a', n: 1 } }]);
    rmSync(dir, { recursive: true });
    await expect(store.write([{ kind: 'put', collection: 'loose', row: { id: 'b', n: 1 } }])).rejects.toMatchObject(
      failed,
    );
    await expect(store.read('loose', ['a'])).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
    expect(await store.read('loose', ['b'])).toBeNull();
  });

  test('a write that the disk takes only in part leaves the record as it was, and nothing else', async () => {
    const dir = tempFolder('full-');
    const store = openStore(familySchema, filesDriver({ dir }));
    await store.write([{ kind: 'put', collection: 'parents', row: { id: 'a', n: 1, body: bodyOf(1) } }]);
    await store.close();
    // The limit of the shell on the size of a file stands for a disk that is full in the midst of it.
    const script = `ulimit -f 100; exec "${process.execPath}" "${child}" large "${dir}"`;
    const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) as string)).toMatchObject({
      code: 'E_STORE_FAILED',
      facts: { reason: 'EFBIG' },
    });
    const driver = filesDriver({ dir });
    const again = openStore(familySchema, driver);
    onTestFinished(() => again.close());
    expect(await again.read('parents', ['a'])).toEqual({ id: 'a', n: 1, body: bodyOf(1) });
    expect(driver.damaged()).toEqual([]);
  });
});
