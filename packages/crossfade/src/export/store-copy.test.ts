import fs, { readdirSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { collections } from '../schema/collection.ts';
import { filesFolder } from './store-copy.ts';

/** The numbers of the files and folders that are made to last from here on, in their order. */
function synced(): readonly number[] {
  const real = fs.fsyncSync;
  const found: number[] = [];
  fs.fsyncSync = (file) => {
    real(file);
    found.push(fs.fstatSync(file).ino);
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    fs.fsyncSync = real;
    syncBuiltinESMExports();
  });
  return found;
}

const people = collections({ people: { fields: { id: { type: 'text' }, photo: { type: 'bytes' } }, key: ['id'] } });

test('the folder of a collection is on the disk after its documents are', () => {
  const path = join(tempFolder(), 'copy');
  const found = synced();
  const copy = filesFolder(path, people);
  copy.begin('people');
  for (const id of ['a', 'b']) copy.add('people', { id, photo: new Uint8Array([1]) });
  copy.end('people');
  copy.finish();
  copy.close();
  const folder = join(path, 'people');
  const files = readdirSync(folder).map((name) => statSync(join(folder, name)).ino);
  expect(files).toHaveLength(4);
  expect(found.toSorted()).toEqual([...files, statSync(folder).ino].toSorted());
  expect(found.at(-1)).toBe(statSync(folder).ino);
});
