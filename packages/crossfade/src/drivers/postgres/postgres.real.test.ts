import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connected } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { plainClient } from '../../../test/support/plain-client.ts';
import { type Pooler, startPooler } from '../../../test/support/pooler.ts';
import { emptied } from '../../../test/support/store-places.ts';
import { isPooled } from '../../pg/connect.ts';
import { openStore } from '../../store/store.ts';
import { storeSuite, suiteSchema } from '../../store/suite/suite.ts';
import { postgresDriver } from './postgres.ts';

let database: TestDatabase;
let pooler: Pooler;
let plain: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  // Defaults of a database that would show in the values, if a statement ran without the settings.
  for (const setting of [
    "timezone = 'Asia/Kolkata'",
    "DateStyle = 'SQL, DMY'",
    "bytea_output = 'escape'",
    'extra_float_digits = -5',
  ])
    await database.query(`ALTER DATABASE ${database.database} SET ${setting}`);
  plain = await plainClient(database);
  // Fewer sessions than connections: statements of one connection run in the sessions of all.
  pooler = await startPooler(database, 3);
});
afterAll(async () => {
  await plain.end();
  await pooler.stop();
  await database.drop();
});

describe('a store behind PgBouncer in transaction mode is a store', () => {
  storeSuite(test, async () => {
    const schema = await emptied(plain);
    return { driver: () => postgresDriver({ target: pooler.target, schema, tables: 'create' }) };
  });
});

test('many stores share few sessions of the server', async () => {
  expect(isPooled(await connected(pooler.target))).toBe(true);
  const schema = await emptied(plain);
  const stores = Array.from({ length: 8 }, () =>
    openStore(suiteSchema, postgresDriver({ target: pooler.target, schema, tables: 'create' })),
  );
  const row = { word: 'shared', n: 0 };
  await stores[0].write([{ kind: 'insert', collection: 'words', row }]);
  const increase = (i: number) =>
    stores[i % 8].update('words', ['shared'], (held) => held && { ...held, n: held.n + 1 });
  await Promise.all(Array.from({ length: 80 }, (_, i) => increase(i)));
  expect((await stores[1].read('words', ['shared']))?.n).toBe(80);
  for (const store of stores) await store.close();
});
