import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/harness/folders.ts';
import { node, nodes } from '../../../../test/support/nodes.ts';
import { sqliteStore } from '../../../../test/support/sqlite-store.ts';
import { collections } from '../../../schema/collection.ts';

const range = { after: null, upTo: ['c'] };

/** A table that lets no other value stand in for a tag, with a record `a` and one that refers to it. */
async function strict() {
  const path = join(tempFolder('store-'), 'store.db');
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE nodes (id TEXT PRIMARY KEY NOT NULL, tag TEXT NOT NULL UNIQUE CHECK (length(tag) < 3),
    parent TEXT REFERENCES nodes (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)`);
  db.close();
  const { store, driver } = await sqliteStore({ path, tables: 'expect' }, nodes);
  for (const row of [node('a', null, 'x'), node('b', 'a', 'y'), node('d', 'b', 'z')])
    await store.write([{ kind: 'insert', collection: 'nodes', row }]);
  await driver.mirror.begin(1n);
  const tags = async (): Promise<unknown[]> =>
    (await store.scan('nodes')).rows.map((row) => [row.id, row.parent, row.tag]);
  return { driver, tags };
}

test('where a CHECK lets no value stand in, a removal frees the unique value of a record that is loaded', async () => {
  const { driver, tags } = await strict();
  const rows = [node('c', null, 'x')];
  expect(await driver.bulk.load(1n, 'nodes', { after: null, upTo: ['a'] }, [])).toEqual({ written: 0, removed: 1 });
  expect(await tags()).toEqual([]);
  await driver.bulk.load(1n, 'nodes', { after: null, upTo: null }, [node('a', null, 'x')]);
  expect(await driver.bulk.load(1n, 'nodes', range, rows)).toEqual({ written: 1, removed: 1 });
  expect(await tags()).toEqual([['c', null, 'x']]);
});

test('where that would take along a record that is to stay, the load or the mirrored call is refused', async () => {
  const { driver, tags } = await strict();
  const before = await tags();
  const refused = { code: 'E_UNIQUE' };
  await expect(driver.bulk.load(1n, 'nodes', range, [node('b', null, 'x')])).rejects.toMatchObject(refused);
  const records = [
    { collection: 'nodes', key: ['a'], row: null, version: 1n },
    { collection: 'nodes', key: ['b'], row: node('b', null, 'x'), version: 2n },
  ];
  await expect(driver.mirror.apply(1n, records)).rejects.toMatchObject(refused);
  expect(await tags()).toEqual(before);
});

test('a kept record that a removal would change, by a foreign key that the schema does not know, refuses the load', async () => {
  const path = join(tempFolder('store-'), 'store.db');
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE words (word TEXT PRIMARY KEY NOT NULL, root TEXT REFERENCES words (word) ON DELETE SET NULL)');
  db.close();
  const root = { type: 'text', nullable: true } as const;
  const words = collections({ words: { fields: { word: { type: 'text' }, root }, key: ['word'] } });
  const { store, driver } = await sqliteStore({ path, tables: 'expect' }, words);
  for (const row of [
    { word: 'a', root: null },
    { word: 'b', root: 'a' },
  ])
    await store.write([{ kind: 'insert', collection: 'words', row }]);
  await driver.mirror.begin(1n);
  const load = driver.bulk.load(1n, 'words', { after: null, upTo: null }, [], [['b']]);
  await expect(load).rejects.toMatchObject({ code: 'E_REFERENCE' });
  expect(await store.read('words', ['b'])).toEqual({ word: 'b', root: 'a' });
});
