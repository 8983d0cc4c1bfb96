import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/harness/postgres.ts';
import { postgresStore, stranger } from '../../../../test/support/postgres-store.ts';
import { collections } from '../../../schema/collection.ts';
import type { Capture } from '../../../store/live/capture.ts';
import { person } from '../../../store/suite/people.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

/** A captured store in a schema of its own, and somebody who knows nothing of it. */
async function captured(schema: string) {
  const { store, driver } = await postgresStore({ target: database, schema });
  await driver.capture.install();
  return { store, driver, capture: driver.capture, plain: await stranger(database, schema) };
}

/** The keys in the journal, which is emptied. */
async function taken(capture: Capture): Promise<unknown[]> {
  const entries = await capture.entries(1_000);
  await capture.clear(entries);
  return entries.map(({ collection, key }) => [collection, ...(key ?? [null])]);
}

/** What a program that knows nothing of Crossfade writes in turn, and the keys that have to be in the journal after each. */
const writes: readonly (readonly [sql: string, keys: readonly (readonly unknown[])[]])[] = [
  [
    `INSERT INTO people (id, name, email) VALUES ('a', 'A', 'ax'), ('b', 'B', 'bx')`,
    [
      ['people', 'a'],
      ['people', 'b'],
    ],
  ],
  [`UPDATE people SET age = 1 WHERE id = 'a'; UPDATE people SET age = 2 WHERE id = 'a'`, [['people', 'a']]],
  [
    `UPDATE people SET id = 'z' WHERE id = 'b'`,
    [
      ['people', 'b'],
      ['people', 'z'],
    ],
  ],
  [`INSERT INTO people (id, name) VALUES ('a', '') ON CONFLICT (id) DO UPDATE SET name = 'x'`, [['people', 'a']]],
  [`INSERT INTO people (id, name) VALUES ('a', '') ON CONFLICT DO NOTHING`, []],
  [`BEGIN; DELETE FROM people; ROLLBACK`, []],
  [`INSERT INTO visits VALUES ('a', 1, NULL)`, [['visits', 'a', 1]]],
  [
    `DELETE FROM people WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['visits', 'a', 1],
    ],
  ],
  [`WITH made AS (INSERT INTO words VALUES ('w', 1) RETURNING n) SELECT * FROM made`, [['words', 'w']]],
  [
    `SET session_replication_role = replica; INSERT INTO words VALUES ('x', 1); RESET session_replication_role`,
    [['words', 'x']],
  ],
  [
    `SET timezone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'; INSERT INTO moments VALUES ('2026-03-01 15:00:00.5+05:30', '31/12/2026', true)`,
    [['moments', '2026-03-01T09:30:00.500000Z', '2026-12-31', true]],
  ],
  [`INSERT INTO badges VALUES (9007199254740993, NULL)`, [['badges', 9007199254740993n]]],
  [`INSERT INTO moments VALUES ('infinity', '01/01/2026', false)`, [['moments', null]]],
  [`INSERT INTO words VALUES ('''"\\ü😀' || repeat('x', 2000), 1)`, [['words', `'"\\ü😀${'x'.repeat(2_000)}`]]],
];

test('what strangers write is captured, whatever their settings and however they write', async () => {
  const { capture, plain } = await captured('strangers');
  for (const [sql, keys] of writes) {
    await plain.query(sql);
    expect(new Set(await taken(capture)), sql).toEqual(new Set(keys));
  }
  await expect(plain.query('TRUNCATE words')).rejects.toMatchObject({ code: 'CF002' });
  expect(await taken(capture)).toEqual([]);
});

test('a transaction that commits late is not missed, though its counter is the lower one', async () => {
  const { store, capture, plain } = await captured('late');
  await plain.query(`BEGIN; INSERT INTO words VALUES ('early', 1)`);
  await store.write([{ kind: 'insert', collection: 'words', row: { word: 'later', n: 1 } }]);
  expect(await taken(capture)).toEqual([['words', 'later']]);
  await plain.query('COMMIT');
  expect(await taken(capture)).toEqual([['words', 'early']]);
});

test('an entry that is seen while the next write of its key waits stands for the first write alone', async () => {
  const { store, capture, plain } = await captured('queued');
  await plain.query(`INSERT INTO words VALUES ('w', 0)`);
  await taken(capture);
  await plain.query(`BEGIN; UPDATE words SET n = 1`);
  const waiting = store.write([{ kind: 'put', collection: 'words', row: { word: 'w', n: 2 } }]);
  await plain.query('COMMIT');
  const seen = await capture.entries(10);
  await waiting;
  await capture.clear(seen);
  const left = await taken(capture);
  // Either the second write was seen already, or its entry is still there.
  expect(left.length + (seen[0].counter === (await lastCounter()) ? 1 : 0)).toBe(1);

  async function lastCounter(): Promise<number> {
    const { rows } = await plain.query<{ last: string }>(
      `SELECT last_value AS last FROM pg_sequences WHERE schemaname = 'crossfade' AND sequencename = 'store_outbox_counter_seq'`,
    );
    return Number(rows[0].last);
  }
});

test('eight writers and a follower that clears beside them: it ends with every record as it is', async () => {
  const { capture, plain } = await captured('race');
  const isolations = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];
  const follower = new Map<string, number | null>();
  const drain = async (): Promise<number> => {
    const entries = await capture.entries(50);
    const words = entries.map(({ key }) => key?.[0] as string);
    const { rows } = await plain.query<{ word: string; n: number }>('SELECT * FROM words WHERE word = ANY ($1)', [
      words,
    ]);
    for (const word of words) follower.set(word, rows.find((row) => row.word === word)?.n ?? null);
    await capture.clear(entries);
    return entries.length;
  };
  let isWriting = true;
  const writer = async (who: number): Promise<void> => {
    const client = await stranger(database, 'race');
    for (let i = 0; i < 40; i++) {
      const [one, two] = [`w${(who * 7 + i) % 13}`, `w${(who + i * 5) % 13}`];
      await client.query(`BEGIN ISOLATION LEVEL ${isolations[(who + i) % 3]}`);
      await client
        .query('INSERT INTO words VALUES ($1, $2) ON CONFLICT (word) DO UPDATE SET n = EXCLUDED.n', [
          one,
          who * 1_000 + i,
        ])
        .then(() => client.query('DELETE FROM words WHERE word = $1', [two]))
        .then(() => client.query('COMMIT'))
        .catch(() => client.query('ROLLBACK'));
    }
  };
  const writing = Promise.all(Array.from({ length: 8 }, (_, who) => writer(who))).finally(() => (isWriting = false));
  while (isWriting) await drain();
  await writing;
  while ((await drain()) > 0);
  const { rows } = await plain.query<{ word: string; n: number }>('SELECT * FROM words');
  const held = [...follower].filter(([, n]) => n !== null);
  expect(new Map(held)).toEqual(new Map(rows.map(({ word, n }) => [word, n])));
});

/** What is done to the tables behind our back, and what is then said of them. */
const doings: Readonly<Record<string, readonly [sql: string, unarmed: readonly string[]]>> = {
  'a trigger that is disabled': ['ALTER TABLE words DISABLE TRIGGER crossfade_capture', ['words']],
  'triggers that were disabled and are back': [
    'ALTER TABLE words DISABLE TRIGGER ALL; ALTER TABLE words ENABLE TRIGGER ALL; ALTER TABLE words ENABLE ALWAYS TRIGGER crossfade_capture; ALTER TABLE words ENABLE ALWAYS TRIGGER crossfade_capture_truncate',
    [],
  ],
  'a trigger that is dropped': ['DROP TRIGGER crossfade_capture_truncate ON words', ['words']],
  'a table that was rebuilt': [
    'CREATE TABLE other (LIKE words INCLUDING ALL); DROP TABLE words; ALTER TABLE other RENAME TO words',
    ['words'],
  ],
  'values that were changed by altering a column': ['ALTER TABLE words ALTER n TYPE integer USING n + 1', []],
  'columns that have exchanged their names': [
    'ALTER TABLE people RENAME name TO other; ALTER TABLE people RENAME email TO name; ALTER TABLE people RENAME other TO email',
    [],
  ],
};

test.each(Object.entries(doings))('%s is noticed, and install does not hide it', async (what, [sql, unarmed]) => {
  const { capture, plain } = await captured(what);
  await plain.query(sql);
  expect(await capture.stands()).toEqual({ stands: false, unarmed, isSchemaChanged: true });
  await expect(capture.install()).rejects.toMatchObject({ code: 'E_STORE_DAMAGED' });
  await capture.remove();
  await capture.install();
  expect(await capture.stands()).toMatchObject({ stands: true });
});

test('what is not of the fields leaves the capture as it is: indexes, statistics, other columns', async () => {
  const { capture, plain } = await captured('harmless');
  await plain.query(
    'CREATE INDEX ON words (n); ALTER TABLE words ADD more int DEFAULT 7; GRANT SELECT ON words TO PUBLIC',
  );
  await plain.query('ANALYZE words');
  expect(await capture.stands()).toMatchObject({ stands: true });
});

test('partitions are captured, also when they are written themselves', async () => {
  await database.query(`CREATE SCHEMA parts; CREATE TABLE parts.words (word text COLLATE "C" PRIMARY KEY, n integer NOT NULL) PARTITION BY RANGE (word);
    CREATE TABLE parts.low PARTITION OF parts.words FOR VALUES FROM (MINVALUE) TO ('m');
    CREATE TABLE parts.high PARTITION OF parts.words FOR VALUES FROM ('m') TO (MAXVALUE)`);
  const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
  const { driver } = await postgresStore({ target: database, schema: 'parts' }, schema);
  await driver.capture.install();
  const plain = await stranger(database, 'parts');
  await plain.query(
    `INSERT INTO words VALUES ('a', 1); INSERT INTO high VALUES ('z', 1); UPDATE words SET word = 'y' WHERE word = 'a'`,
  );
  expect((await taken(driver.capture)).map(String).sort()).toEqual(['words,a', 'words,y', 'words,z']);
  await expect(plain.query('TRUNCATE low')).rejects.toMatchObject({ code: 'CF002' });
  await driver.fence.set(1n);
  await expect(plain.query(`INSERT INTO high VALUES ('x', 1)`)).rejects.toMatchObject({ code: 'CF001' });
  await driver.fence.lift(1n);
  await plain.query(`ALTER TABLE words DETACH PARTITION high`);
  expect(await driver.capture.stands()).toMatchObject({ isSchemaChanged: true });
});

test('a role that may only write the tables is captured and fenced, and cannot touch what Crossfade keeps', async () => {
  const { driver, capture, plain } = await captured('least');
  await plain.query(`CREATE ROLE least_writer; GRANT USAGE ON SCHEMA least TO least_writer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON words TO least_writer; SET ROLE least_writer`);
  await plain.query(`INSERT INTO words VALUES ('a', 1)`);
  expect(await taken(capture)).toEqual([['words', 'a']]);
  for (const sql of ['SELECT * FROM crossfade.store_outbox', 'DELETE FROM crossfade.store_fence'])
    await expect(plain.query(sql)).rejects.toMatchObject({ code: '42501' });
  await driver.fence.set(1n);
  await expect(plain.query('DELETE FROM words')).rejects.toMatchObject({ code: 'CF001' });
  await plain.query('RESET ROLE; DROP OWNED BY least_writer; DROP ROLE least_writer');
});

test('two stores of one database are captured apart, and one that is removed leaves the other', async () => {
  const [one, two] = [await captured('one'), await captured('two')];
  for (const { store } of [one, two]) await store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
  await one.capture.remove();
  expect(await one.capture.stands()).toMatchObject({ stands: false });
  expect(await two.capture.stands()).toMatchObject({ stands: true });
  expect([await taken(one.capture), await taken(two.capture)]).toEqual([[], [['people', 'a']]]);
});
