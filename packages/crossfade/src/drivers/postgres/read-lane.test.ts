import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, waitingForLock } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { postgresStore, stranger } from '../../../test/support/postgres-store.ts';
import { collections } from '../../schema/collection.ts';

const shape = { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] } as const;
const schema = collections({ people: shape, words: shape });

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const ids = Array.from({ length: 40 }, (_, i) => `${i}`);

/** A store with records, whose lane is open. */
async function shared(name: string) {
  const { store, driver } = await postgresStore({ target: database, schema: name, application: name }, schema);
  for (const collection of ['people', 'words'] as const)
    await store.write(ids.map((id) => ({ kind: 'insert', collection, row: { id, n: Number(id) } })));
  const plain = await stranger(database, name);
  const many = (): Promise<(number | undefined)[]> =>
    Promise.all(ids.map(async (id) => (await store.read('words', [id]))?.n));
  const sessions = async (): Promise<number> =>
    (await plain.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name])).rowCount ?? 0;
  await many();
  // By then the pool has as many as it keeps, and the lane is one more.
  while ((await sessions()) <= driver.pool.statistics.idle) {
    await many();
    await sleep(10);
  }
  return { store, driver, plain, many, expected: ids.map(Number) };
}

test('reads that share a connection each get their own record, and all of them come anew when it breaks', async () => {
  const { many, plain, expected } = await shared('broken');
  expect(await many()).toEqual(expected);
  for (let round = 0; round < 8; round++) {
    const reading = many();
    await plain.query(`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
      WHERE application_name = 'broken' ORDER BY random() LIMIT 1) AS one`);
    expect(await reading).toEqual(expected);
  }
});

test('a read that waits for a lock holds up no later ones', async () => {
  const { store, many, plain, expected } = await shared('stuck');
  await plain.query('BEGIN; LOCK TABLE people');
  const waiting = ['1', '2', '3'].map((id) => store.read('people', [id]));
  // Twice as long as a lane is waited for.
  await until(async () => (await waitingForLock(database, 100)) > 0);
  for (let round = 0; round < 3; round++) expect(await many()).toEqual(expected);
  await plain.query('COMMIT');
  expect((await Promise.all(waiting)).map((row) => row?.n)).toEqual([1, 2, 3]);
});

test('a table that is altered under the reads is read on', async () => {
  const { many, plain, expected } = await shared('altered');
  for (const type of ['bigint', 'integer']) await plain.query(`ALTER TABLE words ALTER n TYPE ${type}`);
  for (let round = 0; round < 3; round++) expect(await many()).toEqual(expected);
});
