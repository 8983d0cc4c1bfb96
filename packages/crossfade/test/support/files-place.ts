import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { filesDriver } from '../../src/drivers/files/files.ts';
import { collections } from '../../src/schema/collection.ts';
import { openStore } from '../../src/store/store.ts';
import { tempFolder } from '../harness/folders.ts';

/** People with pictures, and what is written about them. */
export const filesSchema = collections({
  people: {
    fields: {
      id: { type: 'text' },
      name: { type: 'text' },
      age: { type: 'integer', nullable: true },
      score: { type: 'numeric', nullable: true },
      serial: { type: 'bigint', nullable: true },
      rate: { type: 'double', nullable: true },
      more: { type: 'json', nullable: true },
      photo: { type: 'bytes', nullable: true },
    },
    key: ['id'],
    indexes: [['age']],
  },
  notes: {
    fields: { number: { type: 'integer' }, person: { type: 'text', nullable: true }, slug: { type: 'text' } },
    key: ['number'],
    unique: [['slug']],
    references: [{ fields: ['person'], to: 'people', onRemove: 'remove' }],
  },
  loose: { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] },
});

/** A person without anything else. */
export const personOf = (id: string, more = {}) => ({
  id,
  name: `name of ${id}`,
  age: null,
  score: null,
  serial: null,
  rate: null,
  more: null,
  photo: null,
  ...more,
});

/** A folder of documents and a store on it, closed with the test. */
export function filesPlace() {
  const dir = tempFolder('files-');
  const driver = filesDriver({ dir });
  const store = openStore(filesSchema, driver);
  onTestFinished(() => store.close());
  const at = (path: string): string => join(dir, path);
  return {
    dir,
    driver,
    store,
    read: (path: string): string => readFileSync(at(path), 'utf8'),
    list: (folder: string): string[] => readdirSync(at(folder)).sort(),
    plant: (path: string, data: string | Uint8Array): void => {
      mkdirSync(join(at(path), '..'), { recursive: true });
      writeFileSync(at(path), data);
    },
    reopen: async (): Promise<void> => {
      await store.close();
      await store.open();
    },
  };
}
