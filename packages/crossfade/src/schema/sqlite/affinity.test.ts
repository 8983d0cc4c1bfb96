import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { affinityOf, applyAffinity, numberOf, type Stored } from './affinity.ts';

const database = new DatabaseSync(':memory:');

/** What SQLite itself stores in a column of the declared type. */
function stored(declared: string, sql: string): Stored {
  database.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t(v ${declared}); INSERT INTO t VALUES (${sql})`);
  const statement = database.prepare('SELECT typeof(v) AS kind, v FROM t');
  statement.setReadBigInts(true);
  const { kind, v } = statement.get() as { kind: Stored['kind']; v: never };
  return kind === 'null'
    ? { kind }
    : kind === 'blob'
      ? { kind, value: Buffer.from(v).toString('hex') }
      : { kind, value: v };
}

const declarations = [
  'INTEGER',
  'INT UNSIGNED',
  'BIGINT',
  'POINT',
  'CHARINT',
  'VARCHAR(10)',
  'TEXT',
  'NCLOB',
  'BLOB',
  '',
  'REAL',
  'DOUBLE PRECISION',
  'FLOAT',
  'NUMERIC',
  'DECIMAL(10,2)',
  'BOOLEAN',
  'DATETIME',
  'STRING',
  'UUID',
  'json',
];
const values: Record<string, Stored> = {
  '5': { kind: 'integer', value: 5n },
  '9223372036854775807': { kind: 'integer', value: 9223372036854775807n },
  '1.0': { kind: 'real', value: 1 },
  '-0.5': { kind: 'real', value: -0.5 },
  '1e3': { kind: 'real', value: 1000 },
  "'5'": { kind: 'text', value: '5' },
  "' 5.0 '": { kind: 'text', value: ' 5.0 ' },
  "'1e2'": { kind: 'text', value: '1e2' },
  "'.5'": { kind: 'text', value: '.5' },
  "'0x10'": { kind: 'text', value: '0x10' },
  "'5a'": { kind: 'text', value: '5a' },
  "''": { kind: 'text', value: '' },
  "'-'": { kind: 'text', value: '-' },
  "'9223372036854775808'": { kind: 'text', value: '9223372036854775808' },
  "x'35'": { kind: 'blob', value: '35' },
  NULL: { kind: 'null' },
};

test.each(declarations)('a column declared %j stores what SQLite stores', (declared) => {
  for (const [sql, value] of Object.entries(values)) {
    expect(applyAffinity(value, affinityOf(declared)), `${sql} as ${affinityOf(declared)}`).toEqual(
      stored(declared, sql),
    );
  }
});

test('a real that TEXT would print in uncertain digits is not guessed at', () => {
  for (const value of [1e20, 1e-7, 0.1 + 0.2, Number.POSITIVE_INFINITY])
    expect(applyAffinity({ kind: 'real', value }, 'TEXT')).toBeNull();
  for (const value of [0.1, 12.5, 100, -3.25, 123456789012345, 0.0001]) {
    expect(applyAffinity({ kind: 'real', value }, 'TEXT')).toEqual(
      stored('TEXT', Number.isInteger(value) ? `${value}.0` : String(value)),
    );
  }
});

test('a number is an integer only within 64 bits', () => {
  expect(numberOf('9223372036854775808')).toEqual({ kind: 'real', value: 2 ** 63 });
  expect(numberOf('-9223372036854775808')).toEqual({ kind: 'integer', value: -(1n << 63n) });
  expect(numberOf('1e2')).toEqual({ kind: 'real', value: 100 });
  expect(numberOf('')).toBeNull();
});
