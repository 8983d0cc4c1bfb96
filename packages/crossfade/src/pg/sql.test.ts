import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type pg from 'pg';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { limits } from '../core/limits.ts';
import { connect, disconnect, query } from './connect.ts';
import { join, name, type Parameter, qualified, quoted, sql, trusted } from './sql.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database);
});
afterAll(async () => {
  await disconnect(client);
  await database.drop();
});

test('values become parameters and fragments become text, numbered through all nesting', () => {
  const condition = join([sql`a = ${1}`, sql`b = ${'x'}`], ' and ');
  const statement = sql`select ${name('c')} from ${qualified('s', 't')} where ${condition} limit ${10n}`;
  expect(statement.text).toBe('select "c" from "s"."t" where a = $1 and b = $2 limit $3');
  expect(statement.values).toEqual([1, 'x', 10n]);
});

test('no fragments, one fragment and a literal dollar sign come out as they are', () => {
  expect(sql`x in (${join([])})`.text).toBe('x in ()');
  expect(join([sql`a`]).text).toBe('a');
  expect(sql`select '$1', ${quoted("o'clock")}, ${trusted('now()')}`.text).toBe("select '$1', 'o''clock', now()");
});

test('a value that would have to be guessed at is refused, and so is a look-alike of a fragment', () => {
  const refused: unknown[] = [
    undefined,
    {},
    { text: 'drop table t', values: [] },
    [1],
    new Date(),
    () => 1,
    Symbol('x'),
  ];
  for (const value of refused) expect(() => sql`select ${value as Parameter}`).toThrow(TypeError);
});

test('a statement with a NUL, which would end there on its way, is refused', () => {
  expect(() => sql`select '\x00'`).toThrow(TypeError);
  expect(() => trusted('select 1\0')).toThrow(TypeError);
});

test('a fragment cannot slip into an ordinary string, where its parameters would be lost', () => {
  const fragment = sql`a = ${1}`;
  expect(() => String(fragment)).toThrow(TypeError);
  expect(() => ['select', fragment].join(' ')).toThrow(TypeError);
});

test('any text comes back from the server equal, as a parameter, as a literal and as a name', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 15 }).filter((it) => !it.includes('\0') && it.isWellFormed());
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      // Apart from the names p and l, which are taken.
      const column = `"${value}`;
      const { rows } = await query(
        client,
        sql`select ${value}::text as p, ${quoted(value)}::text as l, 1 as ${name(column)}`,
        'ask',
      );
      expect(rows[0]).toMatchObject({ p: value, l: value });
      // PostgreSQL cuts names at 63 bytes; these are shorter by construction.
      expect(Object.keys(rows[0] ?? {})).toContain(column);
    }),
    { numRuns: 100 },
  );
});

/** What quoting goes wrong over, thick among all other characters. */
const fragment = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom('"', "'", '\\', '$', '$$', ';', '--', '/*', '*/', '%', '?', '$1', 'U&"', "E'"),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }) },
);
const identifiers = fc
  .array(fragment, { minLength: 1, maxLength: 12 })
  .map((fragments) => fragments.join('').replaceAll('\0', '').toWellFormed())
  .filter((it) => it !== '' && Buffer.byteLength(it) <= limits.identifierBytesMax);

test('10,000 generated identifiers come back from the server equal, as names and as literals', async () => {
  const generated = fc.sample(identifiers, { numRuns: 10_000, seed: 20_261_128 });
  expect(new Set(generated).size).toBeGreaterThan(8_000);
  // A row of PostgreSQL holds 1,664 columns.
  for (let from = 0; from < generated.length; from += 1_000) {
    const batch = generated.slice(from, from + 1_000);
    const columns = batch.map((it) => sql`${quoted(it)}::text as ${name(it)}`);
    const { rows, fields } = await query(client, sql`select ${join(columns)}`, 'ask');
    expect(fields.map((field) => field.name)).toEqual(batch);
    expect(rows[0]).toEqual(Object.fromEntries(batch.map((it) => [it, it])));
  }
});

test('a column of every kind of hostile name is created, and the catalog has it under that name', async () => {
  const batch = [...new Set(fc.sample(identifiers, { numRuns: 1_000, seed: 1 }))];
  const columns = batch.map((it) => sql`${name(it)} bool`);
  await query(client, sql`create table public.named (${join(columns)})`, 'create');
  const { rows } = await query(
    client,
    sql`select attname::text as name from pg_attribute where attrelid = 'public.named'::regclass and attnum > 0
        order by attnum`,
    'read',
  );
  expect(rows.map((row) => row.name)).toEqual(batch);
});

test('a table with a hostile name is created, filled and left standing', async () => {
  const hostile = 'x"; drop table y; --';
  await query(client, sql`create schema ${name("s'\\")}`, 'create the schema');
  await query(
    client,
    sql`create table ${qualified("s'\\", hostile)} (${name("a'b")} text default ${quoted("\\'; drop table y; --")})`,
    'create',
  );
  await query(client, sql`insert into ${qualified("s'\\", hostile)} default values`, 'insert');
  const { rows } = await query(client, sql`select * from ${qualified("s'\\", hostile)}`, 'read');
  expect(rows).toEqual([{ "a'b": "\\'; drop table y; --" }]);
});
