import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import type { PgType } from '../model.ts';
import { translateDefault } from './default.ts';

const sqlite = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true });
let client: pg.Client;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase();
  ({ drop } = database);
  const { host, port, user, password } = database;
  client = new pg.Client({ host, port, user, database: database.database, password, ssl: false });
  await client.connect();
  // A zone other than UTC, so that a default which leans on the session's zone is found out.
  await client.query("SET timezone = 'Asia/Kolkata'");
});

afterAll(async () => {
  await client?.end();
  await drop?.();
});

/** What SQLite puts into a row that leaves the column out. */
function inSqlite(sql: string, declared: string): { kind: string; value: string } {
  sqlite.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t(x, v ${declared} DEFAULT (${sql})); INSERT INTO t(x) VALUES (1)`);
  const statement = sqlite.prepare('SELECT typeof(v) AS kind, v FROM t');
  statement.setReadBigInts(true);
  const { kind, v } = statement.get() as { kind: string; v: bigint | number | string | Uint8Array | null };
  return { kind, value: v instanceof Uint8Array ? Buffer.from(v).toString('hex') : String(v) };
}

async function inPostgres(sql: string, type: PgType): Promise<string> {
  await client.query(
    `DROP TABLE IF EXISTS t; CREATE TABLE t(x integer, v ${type} DEFAULT ${sql}); INSERT INTO t(x) VALUES (1)`,
  );
  const text: Partial<Record<PgType, string>> = {
    boolean: 'v::integer',
    bytea: "encode(v, 'hex')",
    timestamptz: "timezone('UTC', v)",
  };
  const { rows } = await client.query(`SELECT (${text[type] ?? 'v'})::text AS v FROM t`);
  return String(rows[0].v);
}

/** Default, declared type, target type, and the target's text where it is not SQLite's own. */
// biome-ignore format: a table is read in rows
const constants: [string, string, PgType, string?][] = [
  ['1', 'BOOLEAN', 'boolean'], ['0', 'BOOLEAN', 'boolean'], ["'1'", 'BOOLEAN', 'boolean'],
  ['TRUE', 'BOOLEAN', 'boolean'], ['false', 'BOOLEAN', 'boolean'], ["'true'", 'BOOLEAN', 'boolean', '1'],
  ["'f'", 'BOOLEAN', 'boolean', '0'], ["'False'", 'TEXT', 'boolean', '0'],
  ['5', 'INTEGER', 'integer'], ["'5'", 'INTEGER', 'integer'], ['-1', 'INTEGER', 'integer'], ['+1', 'INT', 'integer'],
  ['1.0', 'INTEGER', 'integer'], ['1.0', 'NUMERIC', 'integer'], ['0x10', 'INTEGER', 'integer'],
  ['-2147483648', 'INTEGER', 'integer'], ['60 * 60 * 24', 'INTEGER', 'integer'], ['1 + 2 - 4', 'INTEGER', 'integer'],
  ["' 7 '", 'INTEGER', 'integer'], ["-'5'", 'INTEGER', 'integer'], ['TRUE', 'INTEGER', 'integer'],
  ['1_000', 'INTEGER', 'integer'],
  ['9223372036854775807', 'BIGINT', 'bigint'], ['-9223372036854775808', 'BIGINT', 'bigint'],
  ['- 5', 'BIGINT', 'bigint'],
  ['4.99', 'DECIMAL(4,2)', 'numeric'], ['0', 'DECIMAL(4,2)', 'numeric'], ['1e3', 'NUMERIC', 'numeric'],
  ['-0.5', 'NUMERIC', 'numeric'], ['9007199254740993', 'NUMERIC', 'numeric'],
  ['1.5', 'REAL', 'double precision'], ['0', 'REAL', 'double precision'], ['-1e-7', 'DOUBLE', 'double precision'],
  ['0.1', 'FLOAT', 'double precision'], ['9e999', 'REAL', 'double precision'], ['-9e999', 'REAL', 'double precision'],
  ["'x'", 'TEXT', 'text'], ["''", 'TEXT', 'text'], ["'it''s \\ \"q\"'", 'TEXT', 'text'],
  ["'ü\n'", 'VARCHAR(5)', 'text'], ['5', 'TEXT', 'text'], ['1.5', 'TEXT', 'text'], ['1.0', 'VARCHAR(9)', 'text'],
  ['-5', 'TEXT', 'text'], ["'5'", '', 'text'], ['5', 'STRING', 'text'], ["'a' || 'b'", 'TEXT', 'text'],
  ['TRUE', 'TEXT', 'text'], ["'true'", 'TEXT', 'text'],
  ["x'00ff'", 'BLOB', 'bytea'], ["x''", 'BLOB', 'bytea'],
  ["'{}'", 'TEXT', 'jsonb'], ["'[]'", 'JSON', 'jsonb'], ["'{\"a\": [1, null]}'", 'TEXT', 'jsonb'],
  ["'null'", 'JSON', 'jsonb'], ["'{\"a\":1,\"a\":2}'", 'TEXT', 'json'], ['json_array()', 'TEXT', 'jsonb'],
  ["json('{}')", 'TEXT', 'jsonb'], ['json_object()', 'JSON', 'json'],
  ["'2020-01-31'", 'DATE', 'date'], ["'2020-01-31 10:00:00'", 'DATETIME', 'timestamptz'],
  ["'2020-01-31T10:00:00.5Z'", 'TEXT', 'timestamptz', '2020-01-31 10:00:00.5'],
  ["'2020-01-31 10:00+02:00'", 'TEXT', 'timestamptz', '2020-01-31 08:00:00'],
  ["'1970-01-01'", 'DATETIME', 'timestamptz', '1970-01-01 00:00:00'],
  ["'2020-01-31 10:00:00'", 'DATETIME', 'timestamp'],
  ["'00000000-0000-4000-8000-00000000000a'", 'UUID', 'uuid'],
];

test.each(constants)('DEFAULT %s on %j is the same value in %s', async (sql, declared, type, expected) => {
  const result = translateDefault(sql, { type, declared });
  if (!result.ok || result.sql === null) throw new Error(`not translated: ${JSON.stringify(result)}`);
  const stored = inSqlite(sql, declared);
  const found = await inPostgres(result.sql, type);
  const exact = type === 'double precision' || type === 'numeric' || stored.kind === 'real';
  if (type === 'json' || type === 'jsonb') expect(JSON.parse(found)).toEqual(JSON.parse(stored.value));
  else
    expect(exact && expected === undefined ? Number(found) : found).toBe(
      exact && expected === undefined ? Number(stored.value) : (expected ?? stored.value),
    );
});

test('a name without a column is a string, and NULL is no default', () => {
  for (const sql of ['true', '"true"', 'foo', '[foo]', '"it""s"'])
    expect(translateDefault(sql, { type: 'text', declared: 'TEXT' }), sql).toMatchObject({ ok: true });
  expect(translateDefault('"true"', { type: 'boolean', declared: 'BOOLEAN' })).toEqual({ ok: true, sql: 'true' });
  expect(translateDefault('"{}"', { type: 'jsonb', declared: 'TEXT' })).toEqual({ ok: true, sql: "'{}'::jsonb" });
  for (const sql of ['NULL', 'null', '(NULL)'])
    expect(translateDefault(sql, { type: 'integer', declared: 'INTEGER' })).toEqual({ ok: true, sql: null });
});

const uuid4 =
  "lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))),2) || '-' || substr('89ab',abs(random()) % 4 + 1, 1) || substr(lower(hex(randomblob(2))),2) || '-' || lower(hex(randomblob(6)))";

// biome-ignore format: a table is read in rows
const randoms: [string, PgType, RegExp][] = [
  ['hex(randomblob(16))', 'text', /^[0-9A-F]{32}$/], ['lower(hex(randomblob(16)))', 'text', /^[0-9a-f]{32}$/],
  ["'r'||lower(hex(randomblob(7)))", 'text', /^r[0-9a-f]{14}$/], ['hex(randomblob(20))', 'text', /^[0-9A-F]{40}$/],
  ["upper('id-') || hex(randomblob(1))", 'text', /^ID-[0-9A-F]{2}$/],
  [uuid4, 'text', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  [uuid4, 'uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  [uuid4.replace("abs(random()) % 4 + 1", '1 + abs(random() % 4)'), 'uuid', /^[0-9a-f-]{36}$/],
  [uuid4.replaceAll("'-'", "'_'"), 'text', /^[0-9a-f]{8}_[0-9a-f]{4}-4[0-9a-f]{3}_[89ab][0-9a-f]{3}_[0-9a-f]{12}$/],
  ['randomblob(16)', 'bytea', /^[0-9a-f]{32}$/], ['randomblob(33)', 'bytea', /^[0-9a-f]{66}$/],
  ['random()', 'bigint', /^-?\d{1,19}$/], ["substr('abc', abs(random()) % 3 + 1, 1)", 'text', /^[abc]$/],
  ['substr(hex(randomblob(8)), 3, 5)', 'text', /^[0-9A-F]{5}$/],
];

test.each(randoms)('DEFAULT %s is of the same form in %s, in both', async (sql, type, form) => {
  const declared = type === 'bigint' ? 'INTEGER' : type === 'bytea' ? 'BLOB' : 'TEXT';
  const result = translateDefault(sql, { type, declared });
  if (!result.ok || result.sql === null) throw new Error(`not translated: ${JSON.stringify(result)}`);
  const found = new Set<string>();
  for (let i = 0; i < 20; i++) {
    expect(inSqlite(sql, declared).value).toMatch(form);
    const value = await inPostgres(result.sql, type);
    expect(value).toMatch(form);
    found.add(value);
  }
  expect(found.size).toBeGreaterThan(form.source.length < 10 ? 1 : 15);
});

// biome-ignore format: a table is read in rows
const refusals: [string, string, PgType, string][] = [
  ['0', 'DATETIME', 'timestamptz', 'unit'], ["''", 'DATETIME', 'timestamptz', 'stores a text'],
  ['1700000000', 'DATETIME', 'timestamptz', 'unit'],
  ["'0000-00-00 00:00:00'", 'DATETIME', 'timestamptz', 'stores a text'],
  ["''", 'INTEGER', 'integer', 'stores a text'], ["''", 'BOOLEAN', 'boolean', 'stores a text'],
  ['2', 'BOOLEAN', 'boolean', 'stores an integer'], ["'yes'", 'BOOLEAN', 'boolean', 'stores a text'],
  ['3000000000', 'INTEGER', 'integer', 'stores an integer'], ['1.5', 'INTEGER', 'integer', 'stores a real'],
  ['1.0', '', 'integer', 'stores a real'], ["'abc'", 'INTEGER', 'integer', 'stores a text'],
  ["'5'", '', 'integer', 'stores a text'], ['9223372036854775808', 'BIGINT', 'bigint', 'stores a real'],
  ["x'00'", 'TEXT', 'text', 'stores a blob'], ["'a'", 'BLOB', 'bytea', 'stores a text'],
  ['1e20', 'TEXT', 'text', 'real'], ["'{'", 'TEXT', 'jsonb', 'stores a text'],
  ["'null'", 'TEXT', 'jsonb', 'stores a text'], ["'{\"a\":1,\"a\":1}'", 'JSON', 'jsonb', 'stores a text'],
  ["''", 'UUID', 'uuid', 'stores a text'], ['9007199254740993', '', 'double precision', 'stores an integer'],
  ['CURRENT_TIME', 'TEXT', 'timestamptz', 'current time'],
  ['CURRENT_TIMESTAMP', 'INTEGER', 'integer', 'current time'], ["date('now')", 'TEXT', 'timestamptz', 'current time'],
  ["datetime('now','localtime')", 'TEXT', 'text', 'modifier'],
  ["datetime('now','+1 month')", 'TEXT', 'text', 'modifier'],
  ["datetime('now','start of day')", 'TEXT', 'text', 'modifier'],
  ["strftime('%W', 'now')", 'TEXT', 'text', 'strftime'], ["strftime('%s%f', 'now')", 'TEXT', 'text', 'strftime'],
  ["strftime('%s','now')", '', 'integer', 'current time'], ["julianday('now')", 'INTEGER', 'integer', 'current time'],
  ['CURRENT_TIMESTAMP', 'TEXT', 'uuid', 'current time'],
  ['unixepoch() * 1000.5', 'INTEGER', 'integer', 'current time'],
  ['unixepoch() / 60', 'INTEGER', 'integer', 'current time'],
  ['hex(randomblob(16))', 'UUID', 'uuid', 'random'], ['random()', 'INTEGER', 'integer', 'none of those'],
  ['randomblob(5000)', 'BLOB', 'bytea', 'randomblob'], ['randomblob(16)', 'TEXT', 'text', 'random'],
  ["datetime('2020-01-01')", 'TEXT', 'text', 'none of those'], ["printf('%d', 5)", 'TEXT', 'text', 'none of those'],
  ['abs(-5)', 'INTEGER', 'integer', 'none of those'], ['(', 'TEXT', 'text', 'cannot be read'],
  ["'a\0b'", 'TEXT', 'text', 'NUL'], ["'\uDC00'", 'TEXT', 'text', 'Unicode'],
];

test.each(refusals)('DEFAULT %s on %j has no translation for %s: %s', (sql, declared, type, why) => {
  expect(translateDefault(sql, { type, declared })).toEqual({ ok: false, why: expect.stringContaining(why) });
});

test('of any text, the translation is a default that the server accepts, or a reason', async () => {
  const words = fc.constantFrom(
    '1',
    '-',
    '1.5',
    "'x'",
    "'{}'",
    '"q"',
    'NULL',
    'TRUE',
    "x'0a'",
    '(',
    ')',
    '||',
    '+',
    '*',
    'CURRENT_TIMESTAMP',
    "datetime('now')",
    "strftime('%s','now')",
    'unixepoch()',
    'hex(randomblob(4))',
    'lower(hex(randomblob(2)))',
    'random()',
    'CAST(1 AS TEXT)',
    "substr('ab', 1, 1)",
    ',',
  );
  const types = fc.constantFrom<PgType>(
    'boolean',
    'integer',
    'bigint',
    'numeric',
    'double precision',
    'date',
    'timestamp',
    'timestamptz',
    'uuid',
    'json',
    'jsonb',
    'bytea',
    'text',
  );
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(words, { minLength: 1, maxLength: 4 }),
      types,
      fc.constantFrom('INTEGER', 'TEXT', '', 'REAL', 'NUMERIC', 'JSON'),
      async (list, type, declared) => {
        const result = translateDefault(list.join(' '), { type, declared });
        if (!result.ok || result.sql === null) return;
        await inPostgres(result.sql, type);
        accepted++;
      },
    ),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(50);
});
