import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { collections } from '../../schema/collection.ts';
import { openStore } from '../../store/store.ts';
import { suiteSchema } from '../../store/suite/suite.ts';
import { postgresDriver } from './postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const schema = collections({
  people: {
    fields: { id: { type: 'text' }, age: { type: 'integer', nullable: true } },
    key: ['id'],
    unique: [['age']],
  },
  visits: {
    fields: { id: { type: 'integer' }, person: { type: 'text' } },
    key: ['id'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'remove' }],
  },
});

const people = 'CREATE TABLE people (id text PRIMARY KEY, age integer UNIQUE);';
const visits =
  'CREATE TABLE visits (id integer PRIMARY KEY, person text NOT NULL REFERENCES people ON DELETE CASCADE);';

const open = async (name: string, tables: 'expect' | 'create' = 'expect'): Promise<void> => {
  const store = openStore(schema, postgresDriver({ target: database, schema: name, tables }));
  await store.open();
  await store.close();
};

/** What a person has made, and what of it is named. */
const misfits: Readonly<Record<string, readonly [ddl: string, named: string]>> = {
  'a missing table': [people, 'visits is not there'],
  'a missing column': ['CREATE TABLE people (id text PRIMARY KEY);', 'no column "age"'],
  'another type': [
    'CREATE TABLE people (id text PRIMARY KEY, age bigint UNIQUE);',
    '"age" of type bigint, where integer',
  ],
  'a length': [
    'CREATE TABLE people (id varchar(9) PRIMARY KEY, age integer UNIQUE);',
    '"id" of type character varying(9)',
  ],
  'a NOT NULL': ['CREATE TABLE people (id text PRIMARY KEY, age integer NOT NULL UNIQUE);', '"age" that is NOT NULL'],
  'a NULL': [
    `${people} CREATE TABLE visits (id integer PRIMARY KEY, person text REFERENCES people ON DELETE CASCADE);`,
    '"person" that may be NULL',
  ],
  'a computed column': [
    'CREATE TABLE people (id text PRIMARY KEY, age integer GENERATED ALWAYS AS (1) STORED UNIQUE);',
    'computes its column "age"',
  ],
  'a loose collation': [
    "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE people (id text COLLATE loose PRIMARY KEY, age integer UNIQUE);",
    '"id" whose collation',
  ],
  'a column that demands a value': [
    'CREATE TABLE people (id text PRIMARY KEY, age integer UNIQUE, more text NOT NULL);',
    '"more" that demands a value',
  ],
  'no key': ['CREATE TABLE people (id text NOT NULL, age integer UNIQUE);', 'no primary key (id)'],
  'no unique constraint': ['CREATE TABLE people (id text PRIMARY KEY, age integer);', 'no unique constraint (age)'],
  'a partial unique index': [
    'CREATE TABLE people (id text PRIMARY KEY, age integer); CREATE UNIQUE INDEX ON people (age) WHERE age > 1;',
    'no unique constraint (age)',
  ],
  'no foreign key': [
    `${people} CREATE TABLE visits (id integer PRIMARY KEY, person text NOT NULL);`,
    'no foreign key (person) to people',
  ],
  'another action on removal': [
    `${people} CREATE TABLE visits (id integer PRIMARY KEY, person text NOT NULL REFERENCES people);`,
    'no foreign key (person) to people',
  ],
};

let places = 0;
const placeWith = async (ddl: string): Promise<string> => {
  const name = `place_${++places}`;
  await database.query(`CREATE SCHEMA ${name}; SET search_path = ${name}; ${ddl}`);
  return name;
};

test.each(Object.entries(misfits))('%s refuses the opening, and is named', async (_what, [ddl, named]) => {
  const name = await placeWith(ddl);
  const error = await refusal(open(name));
  expect([error.code, error.message]).toEqual(['E_TARGET_MISMATCH', expect.stringContaining(named)]);
});

test('tables that a person has made are taken, with columns of their own that demand nothing', async () => {
  const name = await placeWith(`${people} ${visits} ALTER TABLE people ADD more text DEFAULT 'x', ADD n bigserial;`);
  await open(name);
  const store = openStore(schema, postgresDriver({ target: database, schema: name }));
  await store.write([{ kind: 'put', collection: 'people', row: { id: 'a', age: 1 } }]);
  await store.write([{ kind: 'put', collection: 'people', row: { id: 'a', age: 2 } }]);
  expect((await database.query(`SELECT * FROM ${name}.people`)).rows).toEqual([{ id: 'a', age: 2, more: 'x', n: '1' }]);
  expect((await refusal(store.write([{ kind: 'insert', collection: 'people', row: { id: 'b', age: 2 } }]))).code).toBe(
    'E_UNIQUE',
  );
  expect((await refusal(store.write([{ kind: 'insert', collection: 'people', row: { id: 'a', age: 3 } }]))).code).toBe(
    'E_KEY_EXISTS',
  );
  await store.close();
});

test('create makes what is missing beside what is there, and changes nothing of that', async () => {
  const name = await placeWith(`${people} INSERT INTO people VALUES ('a', 1);`);
  await open(name, 'create');
  await open(name);
  expect((await database.query(`SELECT * FROM ${name}.people`)).rows).toEqual([{ id: 'a', age: 1 }]);
  const other = await placeWith('CREATE TABLE people (id text PRIMARY KEY, age bigint UNIQUE);');
  expect((await refusal(open(other, 'create'))).code).toBe('E_TARGET_MISMATCH');
});

test('stores that all make the tables at once make them once', async () => {
  const stores = Array.from({ length: 8 }, () =>
    openStore(suiteSchema, postgresDriver({ target: database, schema: 'at once', tables: 'create' })),
  );
  await Promise.all(stores.map((store) => store.open()));
  const { rowCount } = await database.query("SELECT FROM pg_tables WHERE schemaname = 'at once'");
  expect(rowCount).toBe(Object.keys(suiteSchema).length);
  await Promise.all(stores.map((store) => store.close()));
});

test('a name that PostgreSQL would cut is the mistake of the caller', async () => {
  const long = collections({ ['x'.repeat(64)]: { fields: { id: { type: 'text' } }, key: ['id'] } });
  const store = openStore(long, postgresDriver({ target: database, tables: 'create' }));
  await expect(store.open()).rejects.toThrow(TypeError);
});
