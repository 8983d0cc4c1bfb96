import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import type { PgType } from '../model.ts';
import { translateGenerated } from './translate.ts';

const rows = [
  ['0', "'Abc'", '0', '1.5'],
  ['-7', "''", '1', '-0.1'],
  ['2147483647', "'ÄÖ é'", '0', '3.0'],
  ['NULL', 'NULL', 'NULL', 'NULL'],
  ['12', "'12'", '1', '1e15'],
];
const columns = new Map([
  ['i', { name: 'i', type: 'integer', collation: 'BINARY', declared: 'INTEGER' }],
  ['t', { name: 't', type: 'text', collation: 'BINARY', declared: 'TEXT' }],
  ['u', { name: 'u', type: 'boolean', collation: 'BINARY', declared: 'BOOLEAN' }],
  ['d', { name: 'd', type: 'double precision', collation: 'BINARY', declared: 'REAL' }],
] as const);

// biome-ignore format: a table is read in rows
const generated: [expression: string, declared: string, type: PgType][] = [
  ['i * 2', 'INTEGER', 'bigint'], ['i * 2', 'TEXT', 'text'], ['i + 0.5', 'REAL', 'double precision'],
  ['i', 'NUMERIC', 'numeric'], ['i', 'REAL', 'double precision'],
  ['i > 0', 'BOOLEAN', 'boolean'], ['i > 0', 'INTEGER', 'integer'], ['u', 'INTEGER', 'integer'], ['NOT u', '', 'boolean'],
  ['d * 2', 'REAL', 'double precision'], ['d / i', 'REAL', 'double precision'],
  ['lower(t)', 'TEXT', 'text'], ["t || ' ' || i", 'TEXT', 'text'], ['upper(t)', '', 'text'],
  ['length(t)', 'INTEGER', 'integer'], ["coalesce(t, 'none')", 'VARCHAR(9)', 'text'],
  ["CASE WHEN u THEN 'yes' ELSE 'no' END", 'TEXT', 'text'], ['NULL', 'TEXT', 'text'],
  ["'constant'", 'TEXT', 'text'], ['typeof(i)', 'TEXT', 'text'], ['u', 'TEXT', 'text'],
  ['iif(i > 5, 1, 0)', 'INTEGER', 'integer'],
];

test.each(generated)('%s generated as %j has the same values in %s', async (expression, declared, type) => {
  const sqlite = new DatabaseSync(':memory:');
  sqlite.exec(
    `CREATE TABLE t(i INTEGER, t TEXT, u BOOLEAN, d REAL, v ${declared} GENERATED ALWAYS AS (${expression}) STORED)`,
  );
  const result = translateGenerated(expression, columns, { type, declared });
  if (!result.ok) throw new Error(result.why);
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE t(i integer, t text, u boolean, d double precision, v ${type} GENERATED ALWAYS AS (${result.sql}) STORED)`,
  );
  for (const [i, t, u, d] of rows) {
    sqlite.exec(`INSERT INTO t(i, t, u, d) VALUES (${i}, ${t}, ${u}, ${d})`);
    await database.query(`INSERT INTO t(i, t, u, d) VALUES (${i}, ${t}, (${u})::integer::boolean, ${d})`);
  }
  const expected = sqlite
    .prepare('SELECT v FROM t ORDER BY rowid')
    .all()
    .map(({ v }) => String(v));
  const found = await database.query(
    `SELECT (${type === 'boolean' ? 'v::integer' : 'v'})::text AS v FROM t ORDER BY ctid`,
  );
  const comparable = (v: unknown) =>
    type === 'double precision' && v !== null && v !== 'null' ? String(Number(v)) : String(v);
  expect(found.rows.map(({ v }) => comparable(v))).toEqual(expected.map(comparable));
});
