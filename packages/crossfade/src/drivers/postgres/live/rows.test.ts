import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, waitingForLock } from '../../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../../test/harness/postgres.ts';
import { postgresStore, stranger } from '../../../../test/support/postgres-store.ts';
import type { CrossfadeError } from '../../../core/errors.ts';
import { collections, type Row } from '../../../schema/collection.ts';
import { canonical } from '../../../schema/values/field-values.ts';
import { person } from '../../../store/suite/people.ts';
import { heldValues } from '../../../store/suite/values.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const everyKey = { after: null, upTo: null };

test('what is loaded by COPY is what a write has put there, for values of every type at its ends', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'values' });
  const blank = Object.fromEntries(Object.keys(store.schema.things.fields).map((field) => [field, null]));
  const rows = heldValues.map(({ type, value }, i): Row => {
    const id = `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`;
    return { ...blank, id, [type]: canonical(type, value) };
  });
  await driver.mirror.begin(1n);
  expect(await driver.bulk.load(1n, 'things', everyKey, rows)).toEqual({ written: rows.length, removed: 0 });
  const plain = await stranger(database, 'values');
  await plain.query('CREATE TABLE loaded AS TABLE things; DELETE FROM things');
  for (const row of rows) await store.write([{ kind: 'insert', collection: 'things', row: row as never }]);
  // As text, since equal numbers may have other digits.
  const { rows: differing } = await plain.query(
    'SELECT id FROM loaded WHERE NOT EXISTS (SELECT FROM things WHERE things.id = loaded.id AND things::text = loaded::text)',
  );
  expect(differing).toEqual([]);
  expect((await driver.bulk.range('things', everyKey, 1_000)).length).toBe(rows.length);
});

test('appliers that die in the middle and repeat leave every record as its last version', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'killed', application: 'applier' });
  const plain = await stranger(database, 'killed');
  await driver.mirror.begin(1n);
  const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'applier' AND datname = current_database() AND state <> 'idle'`;
  let kills = 0;
  for (let version = 1n; version <= 15n; version++) {
    const records = Array.from({ length: 40 }, (_, i) => ({
      collection: 'people',
      key: [`p${i}`],
      row: (BigInt(i) + version) % 5n === 0n ? null : person(`p${i}`, { age: Number(version) }),
      version,
    }));
    const apply = (): Promise<unknown> =>
      driver.mirror.apply(1n, records).catch((error: CrossfadeError) => {
        expect(error.code).toMatch(/^E_(OUTCOME_UNKNOWN|STORE_FAILED|TARGET_UNREACHABLE)$/);
        return apply();
      });
    const applying = apply();
    await sleep(Number(version % 10n));
    kills += (await plain.query(kill)).rowCount ?? 0;
    await applying;
  }
  expect(kills).toBeGreaterThan(0);
  const late = { collection: 'people', key: ['p1'], row: person('p1', { age: 14 }), version: 14n };
  expect(await driver.mirror.apply(1n, [late])).toBe(0);
  const people = await driver.bulk.range('people', everyKey, 100);
  const expected = Array.from({ length: 40 }, (_, i) => i).filter((i) => (i + 15) % 5 !== 0);
  expect(new Map(people.map(({ id, age }) => [id, age]))).toEqual(new Map(expected.map((i) => [`p${i}`, 15])));
  expect(await store.read('people', ['p0'])).toBeNull();
});

test('an applier of an epoch that is over is refused, also one that is under way when the next begins', async () => {
  const { store, driver } = await postgresStore({ target: database, schema: 'epochs' });
  const plain = await stranger(database, 'epochs');
  await driver.mirror.begin(1n);
  await store.write([{ kind: 'insert', collection: 'people', row: person('a') }]);
  await plain.query(`BEGIN; UPDATE people SET age = 1`);
  const applying = driver.mirror.apply(1n, [
    { collection: 'people', key: ['a'], row: person('a', { age: 2 }), version: 1n },
  ]);
  let hasBegun = false;
  const beginning = driver.mirror.begin(2n).then(() => (hasBegun = true));
  // Both have got as far as they get, or the new epoch was first.
  await until(async () => hasBegun || (await waitingForLock(database)) === 2);
  const wasEarly = hasBegun;
  await plain.query('COMMIT');
  // Whichever came first: it began after the applier had ended, or the applier was refused.
  const applied = await applying.catch((error: CrossfadeError) => error.code);
  await beginning;
  expect([1, 'E_FENCED']).toContain(applied);
  expect(wasEarly && applied === 1).toBe(false);
  expect((await store.read('people', ['a']))?.age).toBe(applied === 1 ? 2 : 1);
});

const numbered = collections({
  people: { fields: { id: { type: 'integer' }, name: { type: 'text' } }, key: ['id'] },
  plain: { fields: { id: { type: 'integer' } }, key: ['id'] },
});

const counters: Readonly<Record<string, string>> = {
  'an identity': 'id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY',
  'a serial': 'id serial PRIMARY KEY',
  'a sequence of somebody else': `id integer DEFAULT nextval('numbers') PRIMARY KEY`,
};

test.each(Object.entries(counters))(
  '%s is raised and never lowered, while others draw from it',
  async (what, column) => {
    const schema = what.replaceAll(' ', '_');
    await database.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}; CREATE SEQUENCE numbers CACHE 5;
    CREATE TABLE people (${column}, name text NOT NULL); CREATE TABLE plain (id integer PRIMARY KEY)`);
    const { driver } = await postgresStore({ target: database, schema }, numbered);
    const drawn: number[] = [];
    const clients = await Promise.all(Array.from({ length: 4 }, () => stranger(database, schema)));
    const draw = async (index: number): Promise<void> => {
      const { rows } = await clients[index].query<{ id: number }>(`INSERT INTO people (name) VALUES ('') RETURNING id`);
      drawn.push(rows[0].id);
    };
    const drawing = clients.map(async (_, index) => {
      for (let n = 0; n < 40; n++) await draw(index);
    });
    for (const atLeast of [100n, 50n, 1_000n, 999n, 5_000n])
      expect(await driver.counters.raise('people', atLeast)).toBe(true);
    await Promise.all(drawing);
    expect(new Set(drawn).size).toBe(160);
    drawn.length = 0;
    for (let index = 0; index < 4; index++) await draw(index);
    expect(Math.min(...drawn)).toBeGreaterThan(5_000);
    expect(await driver.counters.raise('plain', 5n)).toBe(false);
  },
);
