import { beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { type Cell, compare, tableOf } from '../../test/support/verification.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});

const documents: readonly [name: string, source: string, target: string][] = [
  ['a duplicate key', '{"a":1,"a":2}', '{"a":2}'],
  ['an equal duplicate key', '{"a":1,"a":1}', '{"a":1}'],
  ['the 20th digit of a number', '[12345678901234567891]', '[12345678901234567890]'],
  ['a number that went through a double', '[0.1000000000000000055]', '[0.1]'],
  ['another unicode normalisation', '["\u00e9"]', '["e\u0301"]'],
  ['another nesting of arrays', '[[1],2]', '[[1,2]]'],
  ['an array for its element', '[[1]]', '[1]'],
  ['the beginning of an inner array', '[1,[2]]', '[[1,2]]'],
  ['an empty array inside and one around', '[1,[]]', '[[1]]'],
  ['an empty array for an empty object', '[[]]', '[{}]'],
  ['the order of an array', '[1,2]', '[2,1]'],
  ['a string for a number', '["1"]', '[1]'],
  ['a string for true', '["true"]', '[true]'],
  ['null for a missing member', '{"a":null}', '{}'],
  ['values of two members swapped', '{"a":1,"b":2}', '{"a":2,"b":1}'],
  ['members of two objects swapped', '[{"a":1},{"b":2}]', '[{"b":2},{"a":1}]'],
  ['a member one level higher', '{"a":{"b":1,"c":2}}', '{"a":{"b":1},"c":2}'],
  ['a key with its value in another place', '{"a":{"b":1},"c":{}}', '{"a":{},"c":{"b":1}}'],
  ['the sign of a number', '[-5]', '[5]'],
  ['a power of ten', '[1e5]', '[1e4]'],
  ['an escape for what it stands for', '["\\\\n"]', '["\\n"]'],
  ['a space more in a string', '["a b"]', '["a  b"]'],
  ['the end of a string', '["abcd"]', '["abc"]'],
  ['two strings cut elsewhere', '["ab","c"]', '["a","bc"]'],
];

test('every fault in jsonb is found, and named by key and column', async () => {
  const table = tableOf({ name: 'text', doc: 'jsonb' }, ['name']);
  await database.query('create table t (name text, doc jsonb)');
  await database.query('insert into t select * from unnest($1::text[], $2::jsonb[])', [
    ['good', ...documents.map(([name]) => name)],
    ['{}', ...documents.map(([, , target]) => target)],
  ]);
  const rows: Cell[][] = [['good', ' { } '], ...documents.map(([name, source]): Cell[] => [name, source])];
  const { named } = await compare(database, rows, table);
  const found = named.map(({ kind, key, columns }) => [kind, ...key, ...columns]);
  const expected = documents.map(([name]) => ['different', name, 'doc']);
  expect(found.toSorted()).toEqual(expected.toSorted());
});
