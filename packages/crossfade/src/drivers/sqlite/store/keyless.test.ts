import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/harness/folders.ts';
import { sqliteStore } from '../../../../test/support/sqlite-store.ts';
import { collections } from '../../../schema/collection.ts';

const schema = collections({
  words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] },
  pairs: { fields: { a: { type: 'text' }, b: { type: 'integer' } }, key: ['a', 'b'] },
});

const everyKey = { after: null, upTo: null };

/** Tables whose PRIMARY KEY SQLite lets be NULL, as those of other programs are, with rows that have no key. */
async function keyless(rows: string) {
  const path = join(tempFolder('store-'), 'store.db');
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER NOT NULL);
    CREATE TABLE pairs (a TEXT, b INTEGER, PRIMARY KEY (a, b)); ${rows}`);
  const count = (table: string): unknown => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  const { store, driver } = await sqliteStore({ path, tables: 'expect' }, schema);
  await driver.mirror.begin(1n);
  return { store, driver, count, close: () => db.close() };
}

test('a row without a key refuses a load of its range, by code and name, and stays', async () => {
  const { driver, count, close } = await keyless(`INSERT INTO words VALUES ('a', 1), (NULL, 2);
    INSERT INTO pairs VALUES ('a', 1), ('b', NULL), ('c', 1)`);
  const damaged = (collection: string, field: string) => ({
    code: 'E_RECORD_DAMAGED',
    facts: { collection, field, rowid: 2 },
  });
  for (const rows of [[], [{ word: 'a', n: 3 }]])
    for (const range of [everyKey, { after: null, upTo: ['m'] }])
      await expect(driver.bulk.load(1n, 'words', range, rows)).rejects.toMatchObject(damaged('words', 'word'));
  for (const range of [everyKey, { after: ['a', 1], upTo: ['b', 5] }, { after: ['b', 1], upTo: null }])
    await expect(driver.bulk.load(1n, 'pairs', range, [])).rejects.toMatchObject(damaged('pairs', 'b'));
  expect([count('words'), count('pairs')]).toEqual([2, 3]);
  // It lies in none of these.
  expect(await driver.bulk.load(1n, 'words', { after: ['0'], upTo: null }, [])).toEqual({ written: 0, removed: 1 });
  expect(await driver.bulk.load(1n, 'pairs', { after: ['b', 1e6], upTo: ['c', 1] }, []).catch(String)).toMatch(
    /pairs.b/,
  );
  expect(await driver.bulk.load(1n, 'pairs', { after: ['bb', 0], upTo: null }, [])).toEqual({ written: 0, removed: 1 });
  close();
});

test('a row without a key is never passed over by who reads its range', async () => {
  const { driver, close } = await keyless(`INSERT INTO words VALUES ('a', 1), (NULL, 2);
    INSERT INTO pairs VALUES (NULL, 1), ('b', 1)`);
  const damaged = { code: 'E_RECORD_DAMAGED' };
  await expect(driver.bulk.range('words', { after: null, upTo: ['m'] }, 10)).rejects.toMatchObject(damaged);
  expect(await driver.bulk.range('words', { after: [''], upTo: ['m'] }, 10)).toHaveLength(1);
  await driver.bulk.snapshot(async (snapshot) => {
    await expect(snapshot.range('pairs', { after: null, upTo: ['b', 1] }, 10)).rejects.toMatchObject(damaged);
    expect(await snapshot.range('pairs', { after: ['a', 1], upTo: null }, 10)).toHaveLength(1);
  });
  close();
});
