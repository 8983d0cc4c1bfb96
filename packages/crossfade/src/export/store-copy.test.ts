import type Fs from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { collections } from '../schema/collection.ts';
import { filesFolder } from './store-copy.ts';

/** The numbers of the files and folders that were made to last, in their order. */
const synced = vi.hoisted(() => [] as number[]);

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const fsyncSync = (file: number): void => {
    fs.fsyncSync(file);
    synced.push(fs.fstatSync(file).ino);
  };
  return { ...fs, fsyncSync };
});

const people = collections({ people: { fields: { id: { type: 'text' }, photo: { type: 'bytes' } }, key: ['id'] } });

test('the folder of a collection is on the disk after its documents are', () => {
  const path = join(tempFolder(), 'copy');
  const copy = filesFolder(path, people);
  copy.begin('people');
  for (const id of ['a', 'b']) copy.add('people', { id, photo: new Uint8Array([1]) });
  copy.end('people');
  copy.finish();
  copy.close();
  const folder = join(path, 'people');
  const files = readdirSync(folder).map((name) => statSync(join(folder, name)).ino);
  expect(files).toHaveLength(4);
  expect(synced.toSorted()).toEqual([...files, statSync(folder).ino].toSorted());
  expect(synced.at(-1)).toBe(statSync(folder).ino);
});
