import { inspect } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import type { Rule } from '../schema/model.ts';
import { ruleText } from '../schema/rules.ts';
import { type Cell, compare, tableOf, type TypeName } from '../../test/support/verification.ts';

/** A value in SQLite, its type in PostgreSQL, how PostgreSQL is told it, and the rules of the column. */
type Form = readonly [cell: Cell, type: TypeName, literal: string | null, ...rules: Rule[]];

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});

async function differences([cell, type, literal, ...rules]: Form): Promise<string[]> {
  await database.query(`drop table if exists t; create table t (k bigint, v ${type === 'bpchar' ? 'char(4)' : type})`);
  await database.query(`insert into t values (1, $1)`, [literal]);
  const { named } = await compare(database, [[1n, cell]], tableOf({ k: 'bigint', v: type }, ['k'], { v: rules }));
  return named.map(({ kind, columns }) => [kind, ...columns].join(' '));
}

function cases(forms: readonly Form[]): { name: string; form: Form }[] {
  return forms.map((form) => {
    const [cell, type, literal, ...rules] = form;
    return { name: `${inspect(cell)} as ${[type, ...rules.map(ruleText)].join(', ')} is ${inspect(literal)}`, form };
  });
}

const bytes = (latin1: string): Cell => ({ text: Buffer.from(latin1, 'latin1') });
const vienna: Rule = { kind: 'zone', zone: 'Europe/Vienna' };
const invalidIsNull: Rule = { kind: 'invalid', how: 'null' };

const equal: readonly Form[] = [
  ['{"b": 1,\n "a":[1 , 2]}', 'jsonb', '{"a":[1,2],"b":1}'],
  ['[1.0,1e2,0.50,-0,1E+3,12300e-2]', 'jsonb', '[1,100,0.5,0,1000,123]'],
  [
    '[123456789012345678901234567890,1e20,0.00001]',
    'jsonb',
    '[123456789012345678901234567890,100000000000000000000,0.00001]',
  ],
  ['["\\u00e9\\ud83d\\ude00\\/\\n\\u0001"]', 'jsonb', '["é😀/\\n\\u0001"]'],
  ['{"\\u0061":{}}', 'jsonb', '{"a":{}}'],
  [' null ', 'jsonb', 'null'],
  [Buffer.from('{"a":1}'), 'jsonb', '{"a":1}'],
  ['{ "a" : 1, "a" : 2 }', 'json', '{ "a" : 1, "a" : 2 }'],
  ['1.50', 'numeric', '1.5'],
  [1.5, 'numeric', '1.500'],
  [100n, 'numeric', '100.00'],
  [0n, 'numeric', '0.000'],
  [0.1, 'numeric', '0.1'],
  [1e300, 'numeric', String(BigInt(1e300))],
  [1.2345678901234567e-3, 'numeric', '0.0012345678901234567'],
  [2 ** 60, 'numeric', '1152921504606846976'],
  [Infinity, 'numeric', 'Infinity'],
  [-Infinity, 'numeric', '-Infinity'],
  [-(2n ** 63n), 'bigint', '-9223372036854775808'],
  [2n ** 63n - 1n, 'bigint', '9223372036854775807'],
  [-5n, 'smallint', '-5'],
  [-1n, 'integer', '-1'],
  [3, 'integer', '3'],
  ['-12', 'bigint', '-12'],
  [1n, 'boolean', 'true'],
  ['F', 'boolean', 'false'],
  ['True', 'boolean', 'true'],
  [0.1 + 0.2, 'double precision', '0.30000000000000004'],
  [5e-324, 'double precision', '5e-324'],
  [1.7976931348623157e308, 'double precision', '1.7976931348623157e308'],
  [-0, 'double precision', '-0'],
  [2n ** 53n, 'double precision', '9007199254740992'],
  ['1.5', 'double precision', '1.5'],
  [0.5, 'real', '0.5'],
  ['2024-02-29', 'date', '2024-02-29'],
  ['0001-01-01', 'date', '0001-01-01'],
  ['9999-12-31', 'date', '9999-12-31'],
  ...[
    '2024-03-01T10:00:00Z',
    '2024-03-01 10:00:00',
    '2024-03-01T12:00:00+02:00',
    '2024-03-01T05:30-0430',
    '2024-03-01 11:00:00.0+01',
    '2024-03-01T10:00:00.000000',
    '2024-03-01 10:00:00 +00:00',
    '2024-03-01T12:30:00.000 +02:30',
  ].map((text): Form => [text, 'timestamptz', '2024-03-01 10:00:00Z']),
  ['1969-12-31T23:59:59.999999Z', 'timestamptz', '1969-12-31 23:59:59.999999Z'],
  ['9999-12-31T23:59:59.999999Z', 'timestamptz', '9999-12-31 23:59:59.999999Z'],
  ['0001-01-01T00:00:00.000001Z', 'timestamptz', '0001-01-01 00:00:00.000001Z'],
  ['2024-03-01', 'timestamptz', '2024-03-01 00:00:00Z'],
  [1_700_000_000n, 'timestamptz', '2023-11-14 22:13:20Z'],
  [1_700_000_000_123n, 'timestamptz', '2023-11-14 22:13:20.123Z'],
  [1_700_000_000_123_456n, 'timestamptz', '2023-11-14 22:13:20.123456Z'],
  [-1_700_000_000_123_456n, 'timestamptz', '1916-02-18 01:46:39.876544Z'],
  [5n, 'timestamptz', '1970-01-01 00:00:00.005Z', { kind: 'epoch', unit: 'ms' }],
  ['2024-03-01 10:00', 'timestamp', '2024-03-01 10:00:00'],
  ['2024-07-01 12:00:00', 'timestamptz', '2024-07-01 10:00:00Z', vienna],
  ['2024-01-01', 'timestamptz', '2023-12-31 23:00:00Z', vienna],
  ['2024-10-27 02:30:00', 'timestamptz', '2024-10-27 00:30:00Z', vienna],
  ['2024-10-27 03:00:00', 'timestamptz', '2024-10-27 02:00:00Z', vienna],
  ['1800-01-01 00:00:00', 'timestamptz', '1799-12-31 22:54:39Z', vienna],
  ['2024-07-01T12:00:00Z', 'timestamptz', '2024-07-01 12:00:00Z', vienna],
  ['123E4567-e89b-12d3-a456-426614174000', 'uuid', '123e4567-e89b-12d3-a456-426614174000'],
  [Buffer.from('123e4567e89b12d3a456426614174000', 'hex'), 'uuid', '123e4567-e89b-12d3-a456-426614174000'],
  [Buffer.from([0, 255]), 'bytea', '\\x00ff'],
  ['ä', 'bytea', '\\xc3a4'],
  [12n, 'text', '12'],
  [1.5, 'text', '1.5'],
  [2, 'text', '2.0'],
  [1e300, 'text', '1.0e+300'],
  [Infinity, 'text', 'Inf'],
  [Buffer.from('abc'), 'text', 'abc'],
  ['', 'text', ''],
  [null, 'text', null],
  ['abc', 'varchar', 'abc'],
  ['ab  ', 'bpchar', 'ab'],
  [bytes('caf\xe9'), 'text', 'café', { kind: 'encoding', how: 'latin1' }],
  [bytes('\x80'), 'text', '\u0080', { kind: 'encoding', how: 'latin1' }],
  ['café', 'text', 'café', { kind: 'encoding', how: 'latin1' }],
  [
    bytes('\xef\xbb\xbfa\xff\xed\xa0\x80'),
    'text',
    '\ufeffa\ufffd\ufffd\ufffd\ufffd',
    { kind: 'encoding', how: 'replace' },
  ],
  ['a\0b\0', 'text', 'ab', { kind: 'nul', how: 'strip' }],
  ['a\0b', 'text', 'a\ufffdb', { kind: 'nul', how: 'replace' }],
  ['', 'text', null, { kind: 'empty', how: 'null' }],
  ['\0', 'text', null, { kind: 'nul', how: 'strip' }, { kind: 'empty', how: 'null' }],
  ['31.12.2024', 'date', null, invalidIsNull],
  ['2024-03-31 02:30:00', 'timestamptz', null, vienna, invalidIsNull],
  [3_000_000_000n, 'integer', null, invalidIsNull],
  ['a\0', 'text', null, invalidIsNull],
  [bytes('\xff'), 'text', null, invalidIsNull],
  ...[
    '{"a":1,"\\u0061":1}',
    '["\\u0000"]',
    '["\\ud800"]',
    '[1e400]',
    '[-0]',
    '[1,]',
    '{"a":{"b":[1,{"c":1,"c":2}]}}',
  ].map((text): Form => [text, 'jsonb', null, invalidIsNull]),
  ['{"a":[{"a":"a: \\"b\\\\"},{"a":-1.5e3}]}', 'jsonb', '{"a":[{"a":"a: \\"b\\\\"},{"a":-1500}]}', invalidIsNull],
];

test.each(cases(equal))('$name', async ({ form }) => {
  expect(await differences(form)).toEqual([]);
});

const different: readonly Form[] = [
  [2n, 'boolean', 'true'],
  ['yes', 'boolean', 'true'],
  [1, 'boolean', 'true'],
  [1.5, 'integer', '1'],
  [-0, 'bigint', '0'],
  ['012', 'bigint', '12'],
  ['9223372036854775808', 'bigint', '-9223372036854775808'],
  [3_000_000_000n, 'integer', '-1294967296'],
  [70_000n, 'smallint', '4464'],
  [2n ** 53n + 1n, 'double precision', '9007199254740992'],
  ['1.50', 'double precision', '1.5'],
  [0.1, 'real', '0.1'],
  [-0, 'numeric', '0'],
  [1e23, 'numeric', '100000000000000000000000'],
  ['1e2', 'numeric', '100'],
  ['+1', 'numeric', '1'],
  ['01', 'numeric', '1'],
  ['1.', 'numeric', '1'],
  [Buffer.from('1'), 'numeric', '1'],
  ['Infinity', 'numeric', 'Infinity'],
  ['2024-02-30', 'date', '2024-03-01'],
  ['2023-02-29', 'date', '2023-03-01'],
  ['2024-1-1', 'date', '2024-01-01'],
  ['2024-01-01T00:00:00', 'date', '2024-01-01'],
  ['2024-01-01 24:00:00', 'timestamptz', '2024-01-02 00:00:00Z'],
  ['2024-01-01 00:00:60', 'timestamptz', '2024-01-01 00:01:00Z'],
  ['2024-01-01 00:00:00.1234567', 'timestamptz', '2024-01-01 00:00:00.123457Z'],
  ['2024-01-01T00:00:00Z', 'timestamp', '2024-01-01 00:00:00'],
  ['2024-01-01 00:00:00+16', 'timestamptz', '2023-12-31 08:00:00Z'],
  ['2024-03-31 02:30:00', 'timestamptz', '2024-03-31 01:30:00Z', vienna],
  ['2024-10-27 02:30:00', 'timestamptz', '2024-10-27 01:30:00Z', vienna],
  [20_240_131n, 'timestamptz', '1970-08-23 06:15:31Z'],
  ['123e4567e89b12d3a456426614174000', 'uuid', '123e4567-e89b-12d3-a456-426614174000'],
  ['12', 'text', '12 '],
  ['ab', 'bpchar', 'ab'],
  [5n, 'bytea', '\\x35'],
  [5n, 'jsonb', '5'],
  ['[1]x', 'jsonb', '[1]'],
  ['[1]\0', 'jsonb', '[1]'],
  ['[01]', 'jsonb', '[1]'],
  ['["a\nb"]', 'jsonb', '["a\\nb"]'],
  ['{"a":1', 'jsonb', '{"a":1}'],
  ['a\0b', 'text', 'ab'],
  ['', 'text', null],
  ['x', 'text', null, invalidIsNull],
  ['', 'text', '', { kind: 'empty', how: 'null' }],
];

test.each(cases(different))('not: $name', async ({ form }) => {
  expect(await differences(form)).toEqual(['different v']);
});

test('a column of a type that verification does not know is refused by name', async () => {
  const table = {
    ...tableOf({ k: 'bigint' }, ['k']),
    columns: [{ source: 'p', target: 'p', typeOid: 600, typeName: 'point', rules: [] }],
  };
  await expect(compare(database, [], table)).rejects.toMatchObject({
    code: 'E_TARGET_MISMATCH',
    facts: { column: 'p' },
  });
});

test('a column that has changed its type since is refused', async () => {
  await database.query('drop table if exists t; create table t (k integer); insert into t values (1)');
  await expect(compare(database, [[1n]], tableOf({ k: 'bigint' }, ['k']))).rejects.toMatchObject({
    code: 'E_TARGET_MISMATCH',
  });
});
