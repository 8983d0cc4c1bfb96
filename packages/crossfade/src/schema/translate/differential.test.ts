import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import { ident, literal } from '../../core/sql-text.ts';
import type { PgType } from '../model.ts';
import type { ColumnEnv } from './term.ts';
import { type Purpose, translateExpression } from './translate.ts';

/* The same expression over the same rows in both: what is translated must give the same value in every row. */

interface TestColumn extends ColumnEnv {
  readonly declared: string;
  /** SQLite's constants, NULL among them. */
  readonly values: readonly string[];
}

const texts = ["'Abc'", "'abc'", "''", "'  x '", "'ÄÖ'", "'äö'", "'a_b%c'", "'12'", "'日本-5'", "'z\\n'", 'NULL'];
// biome-ignore format: a table is read in rows
const columns: readonly TestColumn[] = ([
  ['i', 'integer', 'INTEGER', ['0', '1', '-7', '5', '2147483647', '-2147483648', 'NULL']],
  ['k', 'integer', 'INT', ['2', '0', '-1', 'NULL', '3']],
  ['b', 'bigint', 'BIGINT', ['9223372036854775807', '-9223372036854775808', '0', '4611686018427387904', 'NULL', '12']],
  ['u', 'boolean', 'BOOLEAN', ['0', '1', 'NULL']],
  ['v', 'boolean', 'BOOLEAN', ['1', '0', '1', 'NULL', '0']],
  ['d', 'double precision', 'REAL', ['0.0', '1.5', '-2.25', '1e15', '0.1', '3.0', 'NULL', '9e999', '-9e999']],
  ['m', 'numeric', 'DECIMAL(10,2)', ['0', '1.5', '-2', '100', '19.99', 'NULL', '0.1']],
  ['t', 'text', 'TEXT', texts],
  ['s', 'text', 'VARCHAR(20)', texts.toReversed()],
  ['n', 'text', 'TEXT', texts, { collation: 'NOCASE' }],
  ['r', 'text', 'TEXT', ["'x'", "'x  '", "' x'", 'NULL', "''", "'  '"], { collation: 'RTRIM' }],
  ['g', 'uuid', 'UUID', ["'00000000-0000-4000-8000-00000000000a'", "'ffffffff-0000-4000-8000-00000000000a'", 'NULL']],
  ['c', 'date', 'DATE', ["'2020-01-31'", "'1999-12-31'", 'NULL', "'2020-02-01'"]],
  ['w', 'timestamptz', 'DATETIME', ["'2020-01-31 00:00:00'", "'2020-01-31 23:59:59'", 'NULL', "'1999-12-31 12:00:00'"], { shape: 40_000 }],
  ['y', 'bytea', 'BLOB', ["x'00ff'", "x''", "x'41'", 'NULL']],
  ['j', 'jsonb', 'TEXT', ["'{}'", "'[1]'", 'NULL'], { stored: ['text'] }],
  ['o', 'text', 'STRING', ["'open'", "'closed'", '5', 'NULL', "''", '1.5']],
] satisfies [string, PgType, string, string[], Partial<ColumnEnv>?][]).map(
  ([name, type, declared, values, more]) => ({ name, type, declared, values, collation: 'BINARY', ...more }),
);
const env = new Map<string, ColumnEnv>(columns.map((c) => [c.name, c]));
const rowCount = 60;

const sqlite = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true });
let client: pg.Client;
let drop: () => Promise<void>;

beforeAll(async () => {
  sqlite.exec(`CREATE TABLE t(${columns.map((c) => `${c.name} ${c.declared} COLLATE ${c.collation}`).join(', ')})`);
  for (let row = 0; row < rowCount; row++) {
    // Steps of different lengths bring the values together in many ways.
    const place = (c: TestColumn, i: number) => (row * (i + 1) + Math.floor(row / c.values.length)) % c.values.length;
    sqlite.exec(`INSERT INTO t VALUES (${columns.map((c, i) => c.values[place(c, i)]).join(', ')})`);
  }
  const database = await freshDatabase();
  ({ drop } = database);
  const { host, port, user, password } = database;
  client = new pg.Client({ host, port, user, database: database.database, password, ssl: false });
  await client.connect();
  await client.query(`CREATE TABLE t(row bigint, ${columns.map((c) => `${ident(c.name)} ${c.type}`).join(', ')})`);
  const statement = sqlite.prepare('SELECT rowid AS "row", * FROM t');
  statement.setReadBigInts(true);
  for (const row of statement.all() as Record<string, bigint | number | string | Uint8Array | null>[]) {
    const values = Object.entries(row).map(([name, value]) => inserted(value, env.get(name)?.type));
    await client.query(`INSERT INTO t VALUES (${values.join(', ')})`);
  }
});

afterAll(async () => {
  await client?.end();
  await drop?.();
});

/** A value of SQLite as the move would write it. */
function inserted(value: bigint | number | string | Uint8Array | null, type?: PgType): string {
  if (value === null) return 'NULL';
  if (type === 'boolean') return String(value === 1n);
  if (value instanceof Uint8Array) return `decode('${Buffer.from(value).toString('hex')}', 'hex')`;
  return literal(type === 'timestamptz' ? `${value}+00` : String(value));
}

/** Every row's value, with the two databases' ways of writing the same value made one. */
function inSqlite(sql: string): string[] | null {
  const statement = sqlite.prepare(`SELECT ${sql} AS v FROM t ORDER BY rowid`);
  statement.setReadBigInts(true);
  try {
    return statement.all().map(({ v }) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : String(v)));
  } catch (error) {
    // abs() of the smallest integer fails in both: no row of a schema can come to it.
    if (String(error).includes('integer overflow')) return null;
    throw error;
  }
}

async function inPostgres(sql: string, type: string): Promise<string[]> {
  // Binding the values as text keeps pg's own conversions out.
  const written: Record<string, string> = {
    boolean: `((${sql})::boolean)::integer`,
    bytea: `encode(${sql}, 'hex')`,
    timestamptz: `timezone('UTC', ${sql})`,
  };
  const text = written[type] ?? `(${sql})`;
  const { rows } = await client.query(`SELECT ${text}::text AS v FROM t ORDER BY row`);
  return rows.map(({ v }) => String(v));
}

async function same(sql: string, purpose: Purpose = 'index'): Promise<boolean> {
  const result = translateExpression(sql, { columns: env, purpose });
  if (!result.ok) return false;
  const truth = purpose === 'check' || purpose === 'where';
  const expected = inSqlite(truth ? `CASE WHEN ${sql} THEN 1 WHEN NOT (${sql}) THEN 0 END` : sql);
  if (!expected) return false;
  const found = await inPostgres(result.sql, result.type);
  const number = result.type === 'double precision' || result.type === 'numeric';
  const comparable = (values: string[]) =>
    number ? values.map((v) => (v === 'null' ? v : String(Number(v)))) : values;
  const [mine, theirs] = [comparable(found), comparable(expected)];
  const row = mine.findIndex((value, i) => value !== theirs[i]);
  expect(row < 0 ? 'equal' : `row ${row}: ${mine[row]}, not ${theirs[row]}`, `${sql}\n→ ${result.sql}`).toBe('equal');
  return true;
}

// biome-ignore format: a table is read in rows
const conditions = [
  'i > 0', 'i BETWEEN -7 AND 5', 'i NOT BETWEEN 0 AND 5', 'i IN (1, 5, NULL)', 'i NOT IN (1, 5)', 'i IN ()',
  'i NOT IN ()', 'i = NULL', 'i IS 5', 'i IS NOT 5', 'i IS k',
  "i = '5'", "i = ' 5 '", "i = 5.0", 'i > 1.5', 'i % 3 = 1', 'i % -3 = -1', 'i / 2 = 2', 'i / k > 0', 'i % k = 0',
  'i & 1', '(i | 8) > 8', 'i << 2 > 0', 'i >> 1 = 2', '~i = -1',
  'NOT i', 'i AND k', 'i OR k', 'i IS TRUE', 'i IS NOT TRUE', 'i IS FALSE', 'i = TRUE', '-i > 0', '+i > 0',
  '- - i = 5', 'i + k > 0', 'i * k < 0', 'i - k >= -7', 'i * i * k > 100',
  'b + 1 > 0', 'b * 2 > i', 'b - b = 0', 'b > 9223372036854775806', 'b < -9223372036854775807', 'b > 1.5',
  'b & 255 = 12', 'b = 12', '-b > 0', '~b < 0', 'b / 2 > 0', 'b % 10 = 7', 'b << 1 = 24',
  'u', 'NOT u', 'u = 1', 'u = 0', 'u <> 1', 'u IN (0, 1)', 'u IN (1)', 'u NOT IN (0)', 'u IS 1', 'u IS TRUE',
  'u IS NOT TRUE', 'u = TRUE', 'u = v', 'u < v', 'u AND v', 'u OR NOT v', 'u = 2', 'u > -1', 'u BETWEEN 0 AND 1',
  "u = '1'", 'u + v = 1', 'u IS NULL', 'u IN (0, 1, 2)', 'u > 0.5', 'u = k', 'u = (i > 0)',
  '(i IS NULL) + (t IS NULL) + (u IS NULL) = 1', '(i > 0) = (k > 0)', '(i > 0) = 1', '(i > 0) + 1 > 1',
  'd > 0', 'd >= 1.5', 'd = 0.1', 'd BETWEEN -1 AND 1.5', 'd * 2 > 3', 'd / 2 < 1', 'd / k > 0', 'd + i > 0',
  'd - 0.1 = 0', '-d < 0', 'd', 'NOT d', 'abs(d) > 2', 'd > i', 'd < 9e999', 'd IN (1.5, 3)',
  'm > 0', 'm >= 1.5', 'm = 19.99', 'm IN (0, 100)', 'm < 1e3', 'm BETWEEN 0 AND 20', 'm > i', 'm IS NOT NULL',
  'm = 1.5e0', 'm', "m > '1'",
  "t = 'abc'", "t <> ''", "t > 'a'", "t <= 'Abc'", "t BETWEEN 'A' AND 'Z'", "t IN ('abc', '12', NULL)", 't = 12',
  't = s', 't < s', 't IS s', "t = 'ABC' COLLATE NOCASE", "t COLLATE NOCASE = 'ABC'", "t = 'Abc' COLLATE BINARY",
  "'abc' = t", 't = "abc"', "t COLLATE RTRIM = '  x'",
  'length(t) > 2', 'length(t) = 0', "trim(t) = 'x'", "trim(t) <> ''", "ltrim(t) = 'x '", "rtrim(t) = '  x'",
  "trim(t, 'ac') = 'b'", "upper(t) = 'ABC'", "lower(t) = 'äö'", "lower(t) = 'abc'", "substr(t, 1, 1) = 'A'",
  "substr(t, 2) = 'bc'", "substr(t, 1, 0) = ''", "instr(t, 'b') > 0", "instr(t, '') = 1",
  "replace(t, 'b', '') = 'ac'", "replace(t, '', 'x') = 'abc'", "t || s > 'a'", "t || i = 'abc5'", "t || u = 'abc1'",
  'octet_length(t) > 3',
  "t LIKE 'a%'", "t LIKE '%B%'", "t NOT LIKE '_b_'", "t LIKE '%\\_%' ESCAPE '\\'", "t LIKE 'a!_b!%c' ESCAPE '!'",
  "t LIKE 'äö'", "t LIKE 'ÄÖ'", "t LIKE ''", "t LIKE '%\\n'", "t LIKE '_%'", "t LIKE '__'", "i LIKE '5%'",
  "u LIKE '1'", 't LIKE NULL', "n LIKE 'ABC'",
  "t GLOB 'A*'", "t GLOB 'a*'", "t GLOB '[A-Z]*'", "t GLOB '[^A-Z]*'", "t GLOB '*[0-9]'", "t NOT GLOB '*[^0-9]*'",
  "t GLOB '??'", "t GLOB '*[-]*'", "t GLOB '[]a]*'", "t GLOB '*[%_]*'", "t GLOB '[Ä-Ö]*'", "t GLOB '*\\*'",
  "i GLOB '[0-9]*'", "t GLOB '[z-a]*'", "t GLOB '*.*'",
  "n = 'ABC'", "n > 'B'", "n IN ('ABC', 'x')", 'n = t', 't = n', 'n = s', "n <> 'abc'", "n BETWEEN 'a' AND 'b'",
  "n = 'abc' COLLATE BINARY", "upper(n) = 'ABC'", "n || '' = 'ABC'", 'n IS t', "'ABC' = n", "r = 'x'", "r = 'x '",
  "r IN ('x', '')", 'r = t', "r < 'y'",
  "g = '00000000-0000-4000-8000-00000000000a'", "g > '80000000-0000-4000-8000-00000000000a'", 'g IS NOT NULL',
  'length(g) = 36', "g LIKE '%0A'",
  "c > '2020-01-01'", "c = '2020-01-31'", "c BETWEEN '2020-01-01' AND '2020-12-31'", "c IN ('1999-12-31')",
  "w >= '2020-01-31'", "w < '2020-01-31'", "w = '2020-01-31 00:00:00'", "w > '2020-01-31 12:00:00'", 'w IS NULL',
  "y = x'41'", "y > x'00'", 'length(y) = 2', "hex(y) = '00FF'", "hex(y) = ''", 'y IN (x\'\', x\'41\')',
  'json_valid(j)', 'NOT json_valid(j)', 'json_valid(j) OR u', "j = '{}'", 'j IS NULL',
  "o = 'open'", "o IN ('open', 'closed')", "o <> 'open'", "o NOT IN ('open')", "o IS 'open'", 'o IS NULL', "o = ''",
  "typeof(i) = 'integer'", "typeof(i) IN ('integer', 'null')", "typeof(t) = 'text'", "typeof(u) = 'integer'",
  "typeof(d) = 'real'", "typeof(y) = 'blob'", "typeof(j) = 'text'", "typeof(NULL) = 'null'",
  'coalesce(i, k) > 0', 'ifnull(i, 0) = 0', 'coalesce(u, 0)', 'coalesce(u, v)', "ifnull(t, '') = ''",
  'nullif(i, 5) IS NULL', "nullif(t, 'abc') IS NULL", "nullif(n, 'ABC') IS NULL", 'iif(u, i, k) > 0',
  'iif(i > 0, 1, 0)', 'max(i, k) > 2', 'min(i, k, 0) < 0', "max(t, 'b') > 'b'", 'abs(i) > 5', 'abs(i) = 2147483648',
  "CASE WHEN u THEN i ELSE k END > 0", "CASE t WHEN 'abc' THEN 1 WHEN 'Abc' THEN 2 END = 2",
  'CASE WHEN i > 0 THEN u END', 'CASE i WHEN 5 THEN 0 ELSE 1 END', 'i IS (TRUE COLLATE NOCASE)',
  "CAST(i AS TEXT) = '5'", 'CAST(i AS TEXT) = 5', "CAST(u AS TEXT) = '1'", 'CAST(i AS INTEGER) > 0',
  'CAST(u AS INTEGER) = 1', 'CAST(i AS REAL) / 2 > 2', 'CAST(k AS REAL) = 3', "CAST(n AS TEXT) = 'ABC'",
  'TRUE', 'FALSE', '1', '0', 'NULL', 'NOT NULL', '1 = 1', "'a' = 'A' COLLATE NOCASE", '0x10 = 16', '1_000 > 999',
  "t.i > 0", '"i" > 0 AND [k] > 0 AND `u`', '-9223372036854775808 < b', 'i IS NOT DISTINCT FROM k', 'i == 5 != 0',
  '1 <> 2 = 1',
];

test.each(conditions)('%s holds in the same rows', async (sql) => {
  expect([await same(sql, 'check'), await same(sql, 'where')]).toEqual([true, true]);
});

// biome-ignore format: a table is read in rows
const values = [
  'i + k', 'i * k', 'i - b', 'i / 2', 'i % 7', 'b / 3', 'd * 2', 'd / k', 'd + i', "t || '-' || s", "lower(t)",
  'upper(s)', 'length(t)', 'substr(t, 2, 2)', 'coalesce(t, s)', 'i || t',
  'CASE WHEN u THEN t ELSE s END', 'abs(k)', 'max(i, k)', "replace(t, 'a', 'Z')", "instr(t, 'b')", 'hex(y)',
  'typeof(t)', '~i', '-i', 'i & 6', 'i | 6', 'k << 3', 'b >> 2', 'iif(u, 1, 0)', 'i > k', 'u AND v', 'nullif(i, 5)',
  'CAST(i AS TEXT)', 'CAST(k AS REAL)', "trim(t) || 'x'", 'octet_length(t)',
];

test.each(values)('%s is the same value in every row', async (sql) => {
  expect(await same(sql)).toBe(true);
});

test.each([...conditions, ...values])(
  '%s is accepted in an index, which takes no function that could change',
  async (sql) => {
    const value = translateExpression(sql, { columns: env, purpose: 'index' });
    const where = translateExpression(sql, { columns: env, purpose: 'where' });
    if (value.ok && value.type !== 'unknown')
      await client.query(`CREATE INDEX probe ON t ((${value.sql})); DROP INDEX probe`);
    if (where.ok) await client.query(`CREATE INDEX probe ON t (i) WHERE ${where.sql}; DROP INDEX probe`);
    expect(value.ok || where.ok).toBe(true);
  },
);

const oneOf = (words: string, separator = ' ') => fc.constantFrom(...words.split(separator));
const leaf = fc.oneof(
  fc.constantFrom(...columns.map((c) => c.name)),
  oneOf("0 1 -1 5 2.5 'abc' '5' '' NULL TRUE x'41' 9223372036854775807 '2020-01-31' 1e3"),
);
const { whole } = fc.letrec<{ whole: string; call: string; infix: string; suffix: string; choice: string }>((tie) => ({
  whole: fc.oneof({ maxDepth: 4 }, leaf, tie('infix'), tie('call'), tie('suffix'), tie('choice')),
  infix: fc
    .tuple(tie('whole'), oneOf('= <> < <= > >= IS IS#NOT AND OR + - * / % || & |'), tie('whole'))
    .map(([a, op, b]) => `(${a} ${op.replace('#', ' ')} ${b})`),
  call: fc
    .tuple(oneOf('length lower upper trim abs typeof hex octet_length NOT - ~ +'), tie('whole'))
    .map(([name, a]) => `(${name} (${a}))`),
  suffix: fc
    .tuple(
      tie('whole'),
      oneOf(
        `IS NULL;NOT NULL;IN (0, 1, 5);IN ('abc', '5', '');IN (i, t, 2);BETWEEN 0 AND 5;BETWEEN k AND s;LIKE '%b%';NOT LIKE '_B_';GLOB '[a-m]*';IS TRUE;IS NOT FALSE;COLLATE NOCASE;COLLATE RTRIM`,
        ';',
      ),
    )
    .map(([a, rest]) => `(${a} ${rest})`),
  choice: fc
    .tuple(tie('whole'), tie('whole'), tie('whole'), oneOf('coalesce nullif max min instr iif CASE substr CAST'))
    .map(([a, b, c, name]) => {
      if (name === 'CASE') return `CASE WHEN ${a} THEN ${b} ELSE ${c} END`;
      if (name === 'CAST') return `CAST(${a} AS TEXT)`;
      if (name === 'substr') return `substr(${a}, 2, 1)`;
      return `${name}(${name === 'iif' ? [a, b, c] : [a, b]})`;
    }),
}));

test('of any expression, the translation is accepted by the server and agrees in every row', async () => {
  let translated = 0;
  await fc.assert(
    fc.asyncProperty(whole, fc.constantFrom<Purpose>('check', 'where', 'index'), async (sql, purpose) => {
      if (await same(sql, purpose)) translated++;
    }),
    { numRuns: 3_000 },
  );
  expect(translated).toBeGreaterThan(200);
});
