import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until, waitingForLock } from '../../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../../test/harness/postgres.ts';
import { postgresStore, stranger } from '../../../../test/support/postgres-store.ts';
import { collections } from '../../../schema/collection.ts';
import { person } from '../../../store/suite/people.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const word = (text: string) => ({ kind: 'insert', collection: 'words', row: { word: text, n: 1 } }) as const;
const fenced = { code: 'CF001' };

/** What strangers write, each of it refused by a fence. */
const writes = [
  `INSERT INTO words VALUES ('b', 1)`,
  `INSERT INTO words VALUES ('a', 1) ON CONFLICT DO NOTHING`,
  `UPDATE words SET n = 2`,
  `UPDATE words SET n = 2 WHERE word = 'nobody'`,
  `DELETE FROM words`,
  `TRUNCATE words`,
  `WITH gone AS (DELETE FROM words RETURNING word) SELECT count(*) FROM gone`,
  `SET session_replication_role = replica; DELETE FROM words`,
];

test('a fence refuses every write of strangers until it is lifted, and lets reads through', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'strangers' });
  await store.write([word('a')]);
  await driver.fence.set(5n);
  const plain = await stranger(database, 'strangers');
  for (const sql of writes) await expect(plain.query(sql), sql).rejects.toMatchObject(fenced);
  await plain.query('RESET session_replication_role');
  expect((await plain.query('SELECT * FROM words')).rowCount).toBe(1);
  await driver.fence.lift(5n);
  await plain.query(writes[2]);
  expect((await store.read('words', ['a']))?.n).toBe(2);
});

/** One write, as transactions of programs make it. */
async function writeOnce(client: pg.Client, isolation: string, text: string): Promise<boolean> {
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    await client.query('SELECT count(*) FROM words');
    await client.query('INSERT INTO words VALUES ($1, 1)', [text]);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    const { code } = error as { code?: string };
    if (code === 'CF001') return false;
    // An older state than the turn of the fence: the program tries again.
    if (code === '40001') return writeOnce(client, isolation, text);
    throw error;
  }
}

test('eight writers while the fence is set: when it is, what was acknowledged is all there ever is', async () => {
  const { driver } = await postgresStore({ target: database, schema: 'eight' });
  const isolations = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];
  const plain = await stranger(database, 'eight');
  let acknowledged = 0;
  for (const epoch of [1n, 2n, 3n]) {
    const before = acknowledged;
    const writer = async (who: number): Promise<void> => {
      const client = await stranger(database, 'eight');
      for (let n = 0; await writeOnce(client, isolations[who % 3], `${epoch} ${who} ${n}`); n++) acknowledged++;
    };
    const writing = Array.from({ length: 8 }, (_, who) => writer(who));
    while (acknowledged < before + 40) await sleep(5);
    await driver.fence.set(epoch);
    const { rows } = await plain.query<{ n: number }>('SELECT count(*)::int AS n FROM words');
    await Promise.all(writing);
    expect([epoch, rows[0].n]).toEqual([epoch, acknowledged]);
    expect((await plain.query('SELECT FROM words')).rowCount).toBe(acknowledged);
    await driver.fence.lift(epoch);
  }
});

test('a fence waits for the transaction that has written, and others write on while it waits', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'waiting' });
  const plain = await stranger(database, 'waiting');
  await driver.fence.lift(1n);
  await plain.query(`BEGIN; INSERT INTO words VALUES ('under way', 1)`);
  let isSet = false;
  const setting = driver.fence.set(2n).then(() => (isSet = true));
  // It has tried, and given up and tried again, so that the writers behind it went on.
  await until(async () => (await waitingForLock(database)) > 0);
  for (let n = 0; n < 10; n++) await store.write([word(`${n}`)]);
  expect(isSet).toBe(false);
  await plain.query('COMMIT');
  await setting;
  await expect(store.write([word('late')])).rejects.toMatchObject({ code: 'E_FENCED' });
  expect((await store.scan('words')).rows).toHaveLength(11);
});

test.each([
  ['REPEATABLE READ', 'the first epoch'],
  ['SERIALIZABLE', 'the first epoch'],
  ['REPEATABLE READ', 'a later epoch'],
  ['SERIALIZABLE', 'a later epoch'],
])('a %s transaction that sees the state before the fence of %s cannot write', async (isolation, epoch) => {
  const schema = `${isolation} before ${epoch}`;
  const { driver } = await postgresStore({ target: database, schema });
  const plain = await stranger(database, schema);
  if (epoch === 'a later epoch') await driver.fence.lift(1n);
  await plain.query(`BEGIN ISOLATION LEVEL ${isolation}; SELECT * FROM words`);
  await driver.fence.set(2n);
  await expect(plain.query(`INSERT INTO words VALUES ('late', 1)`)).rejects.toMatchObject({ code: '40001' });
  await plain.query('ROLLBACK');
  await expect(plain.query(`INSERT INTO words VALUES ('late', 1)`)).rejects.toMatchObject({ code: 'CF001' });
});

test('a fence whose trigger is gone or disabled does not stand, and is mended by the same epoch', async () => {
  const { driver } = await postgresStore({ target: database, schema: 'gone' });
  const plain = await stranger(database, 'gone');
  await driver.fence.set(1n);
  for (const sql of ['DROP TRIGGER crossfade_fence ON words', 'ALTER TABLE words DISABLE TRIGGER crossfade_fence']) {
    await plain.query(sql);
    expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: false });
    await driver.fence.set(1n);
    expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: true });
  }
});

test('two who turn the fence at once leave the later epoch, whoever comes first', async () => {
  const [one, two] = [
    await postgresStore({ target: database, schema: 'two' }),
    await postgresStore({ target: database, schema: 'two' }),
  ];
  const turns = [one, two, one, two].map(({ driver }, i) => driver.fence.set(BigInt(i + 1)).catch(() => undefined));
  await Promise.all(turns);
  expect(await one.driver.fence.state()).toEqual({ epoch: 4n, isSet: true });
});

test('triggers that came back as ordinary ones are made to fire always when the fence is set', async () => {
  const { driver } = await postgresStore({ target: database, schema: 'restored' });
  await driver.fence.set(1n);
  await driver.fence.lift(1n);
  // As pg_restore --disable-triggers leaves them.
  await database.query('ALTER TABLE restored.words DISABLE TRIGGER ALL; ALTER TABLE restored.words ENABLE TRIGGER ALL');
  await driver.fence.set(2n);
  const plain = await stranger(database, 'restored');
  await expect(
    plain.query("SET session_replication_role = replica; INSERT INTO words VALUES ('a', 1)"),
  ).rejects.toMatchObject(fenced);
});

test('rows that come without a statement, as those of logical replication do, are refused too', async () => {
  await database.query(`CREATE SCHEMA replica; SET search_path = replica;
    CREATE TABLE words (word text COLLATE "C" PRIMARY KEY, n integer NOT NULL) PARTITION BY HASH (word);
    CREATE TABLE part PARTITION OF words FOR VALUES WITH (MODULUS 1, REMAINDER 0)`);
  const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
  const { store, driver } = await postgresStore({ target: database, schema: 'replica' }, schema);
  await store.write([word('a')]);
  await driver.fence.set(1n);
  const plain = await stranger(database, 'replica');
  // What is left is what such a worker meets.
  for (const table of ['words', 'part']) await plain.query(`DROP TRIGGER crossfade_fence ON ${table}`);
  await plain.query('SET session_replication_role = replica');
  for (const table of ['words', 'part'])
    for (const sql of [`INSERT INTO ${table} VALUES ('b', 1)`, `UPDATE ${table} SET n = 2`, `DELETE FROM ${table}`])
      await expect(plain.query(sql), sql).rejects.toMatchObject(fenced);
  await driver.fence.lift(1n);
  await plain.query('DELETE FROM words');
});

test('a fence is not set where one of its tables is gone or was rebuilt, and can be lifted all the same', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'lost' });
  await driver.fence.lift(1n);
  await database.query('ALTER TABLE lost.words RENAME TO elsewhere');
  await expect(driver.fence.set(2n)).rejects.toMatchObject({
    code: 'E_STORE_FAILED',
    facts: { schema: 'lost', collections: ['words'] },
  });
  expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: false });
  await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
  await database.query('ALTER TABLE lost.elsewhere RENAME TO words');
  await driver.fence.set(2n);
  await database.query('DROP TABLE lost.words');
  expect(await driver.fence.state()).toEqual({ epoch: 2n, isSet: false });
  await expect(driver.fence.set(2n)).rejects.toMatchObject({ code: 'E_STORE_FAILED' });
  await driver.fence.lift(2n);
  await store.write([{ kind: 'insert', collection: 'people', row: person('b') }]);
});

test("what another role has made under our names is not run within the store's writes", async () => {
  const squatted = await freshDatabase();
  const role = `squatter_${squatted.database}`;
  await squatted.query(`CREATE ROLE ${role}; CREATE SCHEMA crossfade AUTHORIZATION ${role};
    CREATE FUNCTION crossfade.store_fenced() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    ALTER FUNCTION crossfade.store_fenced() OWNER TO ${role}`);
  onTestFinished(async () => {
    await squatted.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
  const { driver } = await postgresStore({ target: squatted, schema: 'public' });
  for (const install of [() => driver.fence.set(1n), () => driver.capture.install()])
    await expect(install()).rejects.toMatchObject({ code: 'E_TARGET_RIGHTS', facts: { owners: role } });
});
