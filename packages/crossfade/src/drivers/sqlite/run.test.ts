import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { sqliteStore } from '../../../test/support/sqlite-store.ts';
import { collections } from '../../schema/collection.ts';
import { run } from './run.ts';

const schema = collections({
  deep: { fields: { id: { type: 'bigint' }, n: { type: 'integer' } }, key: ['id'] },
});

test('a rowid of 64 bits is written, and keeps no later write of the connection from being one', async () => {
  const path = join(tempFolder('store-'), 'own.db');
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE deep (id INTEGER PRIMARY KEY NOT NULL, n INTEGER NOT NULL)');
  expect(run(db.prepare('INSERT INTO deep VALUES (?, 1), (2, 2)'), 2n ** 62n)).toBe(2);
  expect(run(db.prepare('UPDATE deep SET n = n + 1'))).toBe(2);
  expect(run(db.prepare('DELETE FROM deep WHERE id = 2'))).toBe(1);
  db.close();
  const { store } = await sqliteStore({ path }, schema);
  const id = 2n ** 63n - 1n;
  await store.write([{ kind: 'insert', collection: 'deep', row: { id, n: 3 } }]);
  await store.write([{ kind: 'put', collection: 'deep', row: { id, n: 4 } }]);
  await store.write([{ kind: 'patch', collection: 'deep', key: [2n ** 62n], set: { n: 5 } }]);
  expect((await store.scan('deep')).rows).toEqual([
    { id: 2n ** 62n, n: 5 },
    { id, n: 4 },
  ]);
  await store.write([{ kind: 'remove', collection: 'deep', key: [id] }]);
  expect((await store.scan('deep')).rows).toHaveLength(1);
});
