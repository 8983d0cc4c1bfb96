import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { seeded, type Random } from '../fixtures/random.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { sampledCount } from '../harness/sample.ts';
import { moveJson } from '../support/moves.ts';

/** What breaks encoders: COPY's own signs, controls, the edges of UTF-8's lengths, what looks like something else. */
const pieces = [
  '\\N',
  '\\.',
  '\\',
  '\t',
  '\n',
  '\r\n',
  '\b',
  '\f',
  '\v',
  '\x01',
  '\x7f',
  '\x85',
  '"',
  "'",
  '$$',
  ',',
  '{}',
  '%s',
  '\u00a0',
  '\x7f',
  '\x80',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  '\ufeff',
  '\u202e',
  'e\u0301',
  'ﷺ',
  'NULL',
  'true',
  '0',
  '1e5',
  '-0',
  '2026-01-01',
  '{"a":1}',
  'é',
  '日本',
  '👩‍👩‍👧',
  ' ',
  '',
];

/** Any text but NUL and lone surrogates: mostly short, sometimes empty, rarely longer than a page of the target. */
function text(random: Random): string {
  const kind = random.below(1_000);
  if (kind === 0) return random.pick(pieces).repeat(1 + random.below(9_000));
  if (kind < 60) return '';
  let made = '';
  for (let n = random.below(12); n >= 0; n--) made += random.below(3) === 0 ? random.pick(pieces) : codePoint(random);
  return made;
}

/** A code point of the first 128, of the first two planes' lengths, or of all there are. */
function codePoint(random: Random): string {
  const point = 1 + random.below(random.pick([0x7f, 0x7ff, 0xffff, 0x10ffff]));
  return point >= 0xd800 && point <= 0xdfff ? 'x' : String.fromCodePoint(point);
}

type Made = readonly (string | number | bigint | Buffer | null)[];

/** Fills a table of a new file with generated rows, and moves it. The same seed makes the same rows again, so that none is kept. */
async function moved(
  columns: string,
  rows: number,
  make: (random: Random) => Made,
  options: readonly string[] = [],
): Promise<TestDatabase> {
  const source = join(tempFolder(), 'values.db');
  const db = new DatabaseSync(source);
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, ${columns}); BEGIN`);
  const insert = db.prepare(`INSERT INTO t VALUES (?${', ?'.repeat(columns.split(',').length)})`);
  const random = seeded(seed);
  for (let id = 1; id <= rows; id++) insert.run(id, ...make(random));
  db.exec('COMMIT');
  db.close();
  const database = await freshDatabase();
  const ended = await moveJson(source, database, ...options);
  expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
  return database;
}

/** Reads everything back as PostgreSQL's text and holds it against the rows that the seed makes; returns how many values were equal. */
async function readBack(
  database: TestDatabase,
  rows: number,
  make: (random: Random) => Made,
  show: (value: Made[0], i: number) => string | null,
) {
  const { host, port, user, password } = database;
  const client = new pg.Client({ host, port, user, password, database: database.database, ssl: false });
  await client.connect();
  const random = seeded(seed);
  let equal = 0;
  try {
    for (let from = 1; from <= rows; from += step) {
      const found = await client.query({
        text: `select * from t where id between ${from} and ${from + step - 1} order by id`,
        rowMode: 'array',
        types: { getTypeParser: () => String },
      });
      for (const [i, row] of (found.rows as (string | null)[][]).entries()) {
        const wanted = make(random).map(show);
        for (const [column, value] of wanted.entries()) {
          if (row[column + 1] === value) equal++;
          else expect({ id: from + i, column, value: row[column + 1] }).toEqual({ id: from + i, column, value });
        }
      }
    }
  } finally {
    await client.end();
  }
  return equal;
}

const seed = 20_260_501;
const step = 20_000;

/** All of them are a million strings. */
const rowsOfText = sampledCount(250_000, 5);

test(`${4 * rowsOfText} generated strings come back equal: all of Unicode, control characters, the signs of COPY, empty and long`, async () => {
  const make = (random: Random): Made => [text(random), text(random), text(random), text(random)];
  const database = await moved('a TEXT, b TEXT, c TEXT, d TEXT', rowsOfText, make);
  expect(await readBack(database, rowsOfText, make, String)).toBe(4 * rowsOfText);
});

/** Bits of all kinds, among them the subnormal and the infinite; NaN cannot stand in SQLite. */
function double(random: Random): number {
  const bits = Buffer.alloc(8);
  for (let i = 0; i < 8; i++) bits[i] = random.below(256);
  if (random.below(4) === 0)
    return random.pick([0.1, -0, 1e308, 5e-324, 2 ** 53, 1 / 3, Infinity, -Infinity, 4.35, 1e21]);
  const value = bits.readDoubleBE();
  return Number.isNaN(value) ? 0.5 : value;
}

function int64(random: Random): bigint {
  if (random.below(4) === 0) return random.pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 31n]);
  const size = 1 + random.below(8);
  return BigInt.asIntN(size * 8, BigInt(random.below(2 ** 32)) * 2n ** 32n + BigInt(random.below(2 ** 32)));
}

/** Decimals as PostgreSQL writes them, zeros at the end included. */
function decimal(random: Random): string {
  const digits = (n: number): string => Array.from({ length: n }, () => random.below(10)).join('');
  const whole = random.below(5) === 0 ? '0' : `${1 + random.below(9)}${digits(random.below(40))}`;
  const fraction =
    random.below(3) === 0 ? '' : `.${digits(random.below(30))}${1 + random.below(9)}${'0'.repeat(random.below(6))}`;
  return `${random.below(2) === 0 ? '-' : ''}${whole}${fraction}`.replace(/^-0$/, '0');
}

test('generated bytes, integers, doubles and decimals come back equal to the last bit and digit', async () => {
  const rows = 40_000;
  const make = (random: Random): Made => [
    Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256))),
    int64(random),
    random.below(10) === 0 ? null : double(random),
    decimal(random),
  ];
  const show = (value: Made[0]): string | null => {
    if (value instanceof Buffer) return `\\x${value.toString('hex')}`;
    return value === null || typeof value !== 'number'
      ? value === null
        ? null
        : String(value)
      : `double ${hex(value)}`;
  };
  // Undeclared, for SQLite itself takes the sign of -0 away where REAL is declared.
  const database = await moved('a BLOB, b INTEGER, c, d TEXT', rows, make, ['--rule', 't.d=numeric']);
  await database.query(`alter table t alter c type text using 'double ' || encode(float8send(c), 'hex')`);
  const types = await database.query(
    `select string_agg(format_type(atttypid, null), ' ' order by attnum) as types from pg_attribute where attrelid = 't'::regclass and attnum > 1`,
  );
  expect(types.rows).toEqual([{ types: 'bytea bigint text numeric' }]);
  expect(await readBack(database, rows, make, show)).toBe(4 * rows);
});

/** Microseconds since 1970 in a year that a plausible integer may name, and 0. */
function micros(random: Random): bigint {
  const seconds = 100_000_000 + random.below(7_200_000_000);
  const all = BigInt(seconds) * 1_000_000n + random.pick([0n, 1n, 999_999n, BigInt(random.below(1_000_000))]);
  return random.below(20) === 0 ? 0n : random.below(3) === 0 ? -all : all;
}

/** As PostgreSQL writes it in UTC, by the calendar of JavaScript. */
function instant(all: bigint): string {
  const fraction = ((all % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const day = new Date(Number((all - fraction) / 1_000n)).toISOString();
  return `${day.slice(0, 10)} ${day.slice(11, 19)}.${String(fraction).padStart(6, '0')}`;
}

test('seconds, milliseconds, microseconds and ISO text in one column come back equal to the microsecond', async () => {
  const rows = 5_000;
  const make = (random: Random): Made => {
    const all = micros(random);
    const unit = random.pick([1_000_000n, 1_000n, 1n, 0n]);
    const iso = instant(all);
    // The letter keeps the wanted text a text.
    if (unit === 0n) return [random.pick([iso, `${iso.replace(' ', 'T')}Z`, `${iso}+00:00`]), `w${iso}`];
    return [all / unit, `w${instant((all / unit) * unit)}`];
  };
  const { query } = await moved('at DATETIME, wanted TEXT', rows, make);
  const { rows: found } = await query(
    `select pg_typeof(at)::text as type, count(*)::int as rows, count(distinct at) > 4000 as many
       from t where 'w' || to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') = wanted group by 1`,
  );
  expect(found).toEqual([{ type: 'timestamp with time zone', rows, many: true }]);
});

function hex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
