import { DatabaseSync } from 'node:sqlite';
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

const seconds = (text: string) =>
  Date.parse(/[zZ]$|[+-]\d\d(:?\d\d)?$/.test(text) ? text : `${text.replace(' ', 'T')}Z`) / 1000;

/** The two clocks are read one after the other; what is compared is the form, and the time within minutes. */
// biome-ignore format: a table is read in rows
const moments: [string, string, PgType][] = [
  ['CURRENT_TIMESTAMP', 'DATETIME', 'timestamptz'], ['current_timestamp', 'TIMESTAMP', 'timestamptz'],
  ["datetime('now')", 'TEXT', 'timestamptz'], ["strftime('%Y-%m-%dT%H:%M:%fZ','now')", 'TEXT', 'timestamptz'],
  ['datetime()', 'TEXT', 'timestamptz'], ["datetime('now', '+7 days', '-1 hour')", 'DATETIME', 'timestamptz'],
  ['CURRENT_TIMESTAMP', 'DATETIME', 'timestamp'], ["datetime('now')", 'TEXT', 'timestamp'],
  ['CURRENT_DATE', 'DATE', 'date'], ["date('now')", 'TEXT', 'date'], ["date('now', '-2 days')", 'TEXT', 'date'],
  ['CURRENT_TIMESTAMP', 'TEXT', 'text'], ['CURRENT_DATE', 'TEXT', 'text'], ["DATETIME('now')", 'TEXT', 'text'],
  ["datetime('now','subsec')", 'TEXT', 'text'], ["strftime('%Y-%m-%dT%H:%M:%fZ')", 'TEXT', 'text'],
  ["strftime('%Y-%m-%d %H:%M:%fZ', 'now')", 'TEXT', 'text'], ["strftime('%FT%TZ', 'now')", 'TEXT', 'text'],
  ["CAST(CURRENT_TIMESTAMP AS TEXT)", 'TEXT', 'text'],
];

test.each(moments)('DEFAULT %s on %j is the same moment in %s', async (sql, declared, type) => {
  const result = translateDefault(sql, { type, declared });
  if (!result.ok || result.sql === null) throw new Error(`not translated: ${JSON.stringify(result)}`);
  const stored = inSqlite(sql, declared).value;
  const found = await inPostgres(result.sql, type);
  expect(Math.abs(seconds(found) - seconds(stored)), `${found} and ${stored}`).toBeLessThan(300);
  if (type === 'text') expect(found.replace(/\d/g, '0')).toBe(stored.replace(/\d/g, '0'));
});

// biome-ignore format: a table is read in rows
const counts: [string, string, PgType, number][] = [
  ['unixepoch()', 'INTEGER', 'bigint', 300], ["strftime('%s','now')", 'INTEGER', 'integer', 300],
  ["strftime('%s','now')", 'TEXT', 'text', 300], ["CAST(strftime('%s','now') AS INTEGER)", 'INT', 'integer', 300],
  ["(strftime('%s','now') * 1000)", 'INTEGER', 'bigint', 300_000], ['unixepoch() * 1000', '', 'bigint', 300_000],
  ["unixepoch('now', '+1 day')", 'INTEGER', 'bigint', 300],
  ["CAST((julianday('now') - 2440587.5)*86400000 AS INTEGER)", 'INTEGER', 'bigint', 300_000],
  ["julianday('now')", 'REAL', 'double precision', 0.01], ["unixepoch('subsec')", 'REAL', 'double precision', 300],
  ["julianday('now')", 'NUMERIC', 'numeric', 0.01],
  ["(julianday('now') - 2440587.5) * 86400.0", 'REAL', 'double precision', 300], ['unixepoch()', 'TEXT', 'text', 300],
  ['unixepoch() - 86400', 'INTEGER', 'bigint', 300], ["strftime('%Y', 'now')", 'INTEGER', 'integer', 1],
  ['unixepoch()', 'REAL', 'double precision', 300],
];

test.each(counts)('DEFAULT %s on %j counts the same in %s', async (sql, declared, type, tolerance) => {
  const result = translateDefault(sql, { type, declared });
  if (!result.ok || result.sql === null) throw new Error(`not translated: ${JSON.stringify(result)}`);
  const stored = inSqlite(sql, declared).value;
  const found = await inPostgres(result.sql, type);
  expect(Math.abs(Number(found) - Number(stored)), `${found} and ${stored}`).toBeLessThanOrEqual(tolerance);
  if (type !== 'double precision' && type !== 'numeric') expect(found).toHaveLength(stored.length);
});

test('epoch defaults of a column that became timestamptz are the current time', () => {
  for (const sql of [
    'unixepoch()',
    "strftime('%s','now')",
    'unixepoch() * 1000',
    "CAST((julianday('now') - 2440587.5)*86400000 AS INTEGER)",
  ]) {
    expect(translateDefault(sql, { type: 'timestamptz', declared: 'DATETIME' }), sql).toEqual({
      ok: true,
      sql: 'CURRENT_TIMESTAMP',
    });
  }
  expect(translateDefault("julianday('now')", { type: 'timestamptz', declared: 'DATETIME' })).toMatchObject({
    ok: false,
  });
});
