import { expect, test } from 'vitest';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import { postgresStore } from '../../../test/support/postgres-store.ts';
import { collections } from '../../schema/collection.ts';

const schema = collections({
  people: { fields: { id: { type: 'integer' }, email: { type: 'text' } }, key: ['id'], unique: [['id', 'email']] },
  visits: {
    fields: { id: { type: 'integer' }, person: { type: 'integer' } },
    key: ['id'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'refuse' }],
  },
});

test('the refusals of partitions are those of their collection, also of one that came while the store was open', async () => {
  const database = await freshDatabase();
  await database.query(`CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL, UNIQUE (id, email)) PARTITION BY RANGE (id);
    CREATE TABLE first PARTITION OF people FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
    CREATE TABLE inner_part PARTITION OF first FOR VALUES FROM (0) TO (10);
    CREATE TABLE visits (id integer PRIMARY KEY, person integer NOT NULL REFERENCES people) PARTITION BY RANGE (id);
    CREATE TABLE visited PARTITION OF visits FOR VALUES FROM (0) TO (10)`);
  const { store } = await postgresStore({ target: database, schema: 'public' }, schema);
  await database.query('CREATE TABLE later PARTITION OF people FOR VALUES FROM (10) TO (20)');
  const exists = { code: 'E_KEY_EXISTS', facts: { collection: 'people' } };
  for (const id of [1, 11]) {
    const insert = () => store.write([{ kind: 'insert', collection: 'people', row: { id, email: 'x' } }]);
    await insert();
    await expect(insert()).rejects.toMatchObject(exists);
  }
  await expect(
    store.write([{ kind: 'insert', collection: 'visits', row: { id: 1, person: 5 } }]),
  ).rejects.toMatchObject({
    code: 'E_REFERENCE',
    facts: { collection: 'visits' },
  });
  // Whoever makes the record meanwhile is met, and the update begins anew.
  const counted = Array.from({ length: 8 }, () =>
    store.update('people', [2], (row) => ({ id: 2, email: `${row?.email ?? ''}x` })),
  );
  await Promise.all(counted);
  expect((await store.read('people', [2]))?.email).toBe('x'.repeat(8));
});

const words = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
const table = 'CREATE TABLE words (word text COLLATE "C" PRIMARY KEY, n integer NOT NULL)';

test.each([
  [
    'a unique index of a partition alone',
    `${table} PARTITION BY RANGE (word);
     CREATE TABLE low PARTITION OF words FOR VALUES FROM ('a') TO ('m');
     CREATE UNIQUE INDEX ON low (n); CREATE UNIQUE INDEX ON low ((n + 1))`,
  ],
  ['a partial unique index', `${table}; CREATE UNIQUE INDEX ON words (n) WHERE n > 0`],
  ['a unique index by an expression', `${table}; CREATE UNIQUE INDEX ON words ((n + 1))`],
  ['an exclusion', `${table}; ALTER TABLE words ADD EXCLUDE (n WITH =)`],
  [
    'a unique set to which a deferred foreign key leads',
    `${table}; ALTER TABLE words ADD UNIQUE (n), ADD FOREIGN KEY (n) REFERENCES words (n) DEFERRABLE INITIALLY DEFERRED`,
  ],
])('%s counts at once, and a removal frees its value', async (_what, tables) => {
  const database = await freshDatabase();
  await database.query(tables);
  const { store, driver } = await postgresStore({ target: database, schema: 'public' }, words);
  await store.write([{ kind: 'insert', collection: 'words', row: { word: 'a', n: 1 } }]);
  await driver.mirror.begin(1n);
  const row = { word: 'b', n: 1 };
  const records = [
    { collection: 'words', key: ['a'], row: null, version: 1n },
    { collection: 'words', key: ['b'], row, version: 2n },
  ];
  expect(await driver.mirror.apply(1n, records)).toBe(2);
  expect((await store.scan('words')).rows).toEqual([row]);
});
