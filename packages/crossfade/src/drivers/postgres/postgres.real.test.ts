import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connected } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { plainClient } from '../../../test/support/plain-client.ts';
import { type Pooler, startPooler } from '../../../test/support/pooler.ts';
import { emptied } from '../../../test/support/store-places.ts';
import type { CrossfadeError } from '../../core/errors.ts';
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

test('eight writers in few sessions of the server: capture and fence miss no write of them', async () => {
  const schema = await emptied(plain);
  const drivers = Array.from({ length: 8 }, () => postgresDriver({ target: pooler.target, schema, tables: 'create' }));
  const stores = drivers.map((driver) => openStore(suiteSchema, driver));
  await Promise.all(stores.map((store) => store.open()));
  const { capture, fence } = drivers[0];
  await capture.install();
  const acknowledged = new Set<string>();
  const writer = async (who: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const words = [`${who} ${n}`, `${who} ${n} too`];
      try {
        await stores[who].write(
          words.map((word) => ({ kind: 'insert', collection: 'words', row: { word, n } }) as const),
        );
      } catch (error) {
        expect((error as CrossfadeError).code).toBe('E_FENCED');
        return;
      }
      for (const word of words) acknowledged.add(word);
    }
  };
  const captured = new Set<string>();
  const drain = async (): Promise<void> => {
    const entries = await capture.entries(100);
    for (const { key } of entries) captured.add(key?.[0] as string);
    await capture.clear(entries);
  };
  const writing = Promise.all(stores.map((_, who) => writer(who)));
  while (captured.size < 200) await drain();
  await fence.set(1n);
  const { rowCount } = await plain.query(`SELECT FROM ${schema}.words`);
  await writing;
  expect(rowCount).toBe(acknowledged.size);
  while ((await capture.entries(1)).length > 0) await drain();
  expect(captured).toEqual(acknowledged);
  // A session that served an applier serves a writer next, who is no applier.
  await drivers[1].mirror.begin(1n);
  const mirrored = { collection: 'words', key: ['m'], row: { word: 'm', n: 1 }, version: 1n };
  for (let version = 1n; version <= 6n; version++) await drivers[1].mirror.apply(1n, [{ ...mirrored, version }]);
  for (const store of stores)
    await expect(store.write([{ kind: 'remove', collection: 'words', key: ['m'] }])).rejects.toMatchObject({
      code: 'E_FENCED',
    });
  expect(await capture.entries(10)).toEqual([]);
  for (const store of stores) await store.close();
});
