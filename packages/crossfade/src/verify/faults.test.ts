import { beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { type Cell, compare, tableOf } from '../../test/support/verification.ts';

/** One row each: what SQLite has, and what PostgreSQL is told. */
const columns = {
  id: 'bigint',
  name: 'text',
  note: 'text',
  score: 'double precision',
  amount: 'numeric',
  big: 'bigint',
  active: 'boolean',
  born: 'date',
  seen: 'timestamptz',
  wall: 'timestamp',
  uid: 'uuid',
  data: 'bytea',
  doc: 'jsonb',
  raw: 'json',
} as const;
const table = tableOf(columns, ['id']);
const positions = Object.fromEntries(Object.keys(columns).map((name, i) => [name, i]));
const rowCount = 1_000;
let database: TestDatabase;
let rows: Cell[][];

beforeAll(async () => {
  database = await freshDatabase();
  await database.query(`create unlogged table good as select
      id, 'name ' || id as name, case when id % 3 = 0 then null else 'note ' || id end as note,
      0.1 + id / 7.0::double precision as score, (id * 1.25)::numeric as amount, 9007199254740992 + id as big, id % 2 = 0 as active,
      date '2024-01-01' + id::int as born, timestamptz '2024-03-01 10:00:00.123456Z' + id * interval '1 minute 7 microseconds' as seen,
      timestamp '2024-03-01 10:00:00' + id * interval '1 second' as wall, md5(id::text)::uuid as uid, decode(md5(id::text), 'hex') as data,
      jsonb_build_object('id', id, 'tags', jsonb_build_array('ä', null, 1.5), 'deep', jsonb_build_object('x', id)) as doc,
      ('{ "id":' || id || '}')::json as raw
    from generate_series(1::bigint, ${rowCount}) as id`);
  await database.query('create unlogged table t (like good)');
  const { rows: sent } = await database.query({
    text: `select id::text, name, note, score::text, amount::text, big::text, active::int::text, born::text,
      to_char(seen at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(wall, 'YYYY-MM-DD HH24:MI:SS'), uid::text, encode(data, 'hex'),
      doc::text, raw::text from good order by good.id`,
    rowMode: 'array',
  } as unknown as string);
  rows = sent.map((row) => cellsOf(row as (string | null)[]));
});

function cellsOf([id, name, note, score, amount, big, active, born, seen, wall, uid, data, doc, raw]: (
  | string
  | null
)[]): Cell[] {
  const hex = Buffer.from(data as string, 'hex');
  return [
    BigInt(id as string),
    name,
    note,
    Number(score),
    amount,
    BigInt(big as string),
    BigInt(active as string),
    born,
    seen,
    wall,
    uid,
    hex,
    doc,
    raw,
  ];
}

beforeEach(async () => {
  await database.query('truncate t');
  await database.query('insert into t select * from good');
});

/** Both sides' fault, if any: cells of the source by rowid and column, and SQL. */
interface Fault {
  readonly source?: Readonly<Record<number, Readonly<Record<string, Cell>>>>;
  readonly sql?: string;
}

async function found({ source = {}, sql }: Fault): Promise<string[]> {
  const changed = rows.map((row, i) => {
    const copy = [...row];
    for (const [name, cell] of Object.entries(source[i + 1] ?? {})) copy[positions[name]] = cell;
    return copy;
  });
  if (sql !== undefined) await database.query(sql);
  const { named, count, exact } = await compare(database, changed, table);
  expect({ count, exact }).toEqual({ count: named.length, exact: true });
  return named.map(({ kind, key, columns: names }) => [kind, ...key, ...names].join(' ')).sort();
}

test('equal sides have no difference', async () => {
  expect(await found({})).toEqual([]);
});

const faults: readonly [name: string, fault: Fault, expected: readonly string[]][] = [
  ['a float rounded to 4 bytes', { sql: 'update t set score = score::real where id = 17' }, ['different 17 score']],
  ['-0 against 0', { source: { 5: { score: -0 } }, sql: 'update t set score = 0 where id = 5' }, ['different 5 score']],
  [
    'the last bit of a double',
    { source: { 5: { score: 0.30000000000000004 } }, sql: 'update t set score = 0.3 where id = 5' },
    ['different 5 score'],
  ],
  [
    'an infinity with the other sign',
    { source: { 5: { score: Infinity } }, sql: `update t set score = '-Infinity' where id = 5` },
    ['different 5 score'],
  ],
  [
    'text cut at NUL',
    { source: { 8: { name: 'ab\0cd' } }, sql: `update t set name = 'ab' where id = 8` },
    ['different 8 name'],
  ],
  ['a space at the end of text', { sql: `update t set name = name || ' ' where id = 8` }, ['different 8 name']],
  [
    'text that is not UTF-8 turned into U+FFFD',
    {
      source: { 8: { name: { text: Buffer.from('a\xff', 'latin1') } } },
      sql: `update t set name = 'a\u{fffd}' where id = 8`,
    },
    ['different 8 name'],
  ],
  ['a time zone shifted', { sql: `update t set seen = seen + interval '1 hour' where id = 9` }, ['different 9 seen']],
  [
    'a wall clock shifted',
    { sql: `update t set wall = wall - interval '1 second' where id = 9` },
    ['different 9 wall'],
  ],
  [
    'a microsecond lost',
    { sql: `update t set seen = seen - interval '1 microsecond' where id = 10` },
    ['different 10 seen'],
  ],
  [
    'microseconds cut to milliseconds',
    { sql: `update t set seen = date_trunc('milliseconds', seen) where id = 10` },
    ['different 10 seen'],
  ],
  ['infinity for an instant', { sql: `update t set seen = 'infinity' where id = 10` }, ['different 10 seen']],
  [
    'the keys of two rows swapped',
    { sql: 'update t set id = 23 - id where id in (11, 12)' },
    [
      'different 11 name note score amount big active born seen wall uid data doc raw',
      'different 12 name note score amount big active born seen wall uid data doc raw',
    ],
  ],
  [
    'one value of two rows swapped',
    { sql: `update t set name = 'name ' || (23 - id) where id in (11, 12)` },
    ['different 11 name', 'different 12 name'],
  ],
  [
    'the last rows missing',
    { sql: `delete from t where id > ${rowCount - 3}` },
    ['missing 1000', 'missing 998', 'missing 999'],
  ],
  ['a row that the source does not have', { sql: `insert into t select -1, name from t where id = 2` }, ['extra -1']],
  ['a row twice', { sql: 'insert into t select * from t where id = 30' }, ['extra 30']],
  [
    'a row twice and another one gone',
    { sql: 'insert into t select * from t where id = 30; delete from t where id = 31' },
    ['extra 30', 'missing 31'],
  ],
  ['a row instead of another', { sql: 'update t set id = 100000 where id = 30' }, ['extra 100000', 'missing 30']],
  ["'' for NULL", { sql: `update t set note = '' where id = 33` }, ['different 33 note']],
  ["NULL for ''", { source: { 33: { note: '' } } }, ['different 33 note']],
  ['NULL for 0', { sql: 'update t set big = null where id = 33', source: { 33: { big: 0n } } }, ['different 33 big']],
  ['two columns swapped', { sql: 'update t set name = note, note = name where id = 40' }, ['different 40 name note']],
  ['an integer off by one at 2^53', { sql: 'update t set big = 9007199254740992 where id = 1' }, ['different 1 big']],
  ['an integer off by 2^32', { sql: 'update t set big = big + 4294967296 where id = 3' }, ['different 3 big']],
  [
    'the last digit of a numeric',
    {
      source: { 50: { amount: '12345678901234567890.1234567890' } },
      sql: 'update t set amount = 12345678901234567890.1234567891 where id = 50',
    },
    ['different 50 amount'],
  ],
  ['the sign of a numeric', { sql: 'update t set amount = -amount where id = 50' }, ['different 50 amount']],
  ['a numeric ten times as large', { sql: 'update t set amount = amount * 10 where id = 50' }, ['different 50 amount']],
  [
    'a numeric ten thousand times as large',
    { source: { 50: { amount: '5' } }, sql: 'update t set amount = 50000 where id = 50' },
    ['different 50 amount'],
  ],
  ['NaN', { sql: `update t set amount = 'NaN' where id = 50` }, ['different 50 amount']],
  [
    'the last byte of a bytea',
    { sql: `update t set data = set_byte(data, 15, (get_byte(data, 15) + 1) % 256) where id = 60` },
    ['different 60 data'],
  ],
  [
    'a bytea with a zero byte more',
    { sql: `update t set data = data || '\\x00'::bytea where id = 60` },
    ['different 60 data'],
  ],
  [
    'a digit of a uuid',
    {
      sql: `update t set uid = overlay(uid::text placing case right(uid::text, 1) when '0' then '1' else '0' end from 36)::uuid where id = 61`,
    },
    ['different 61 uid'],
  ],
  ['a boolean flipped', { sql: 'update t set active = not active where id = 62' }, ['different 62 active']],
  ['a date off by one', { sql: 'update t set born = born + 1 where id = 63' }, ['different 63 born']],
  [
    'white space in json',
    { sql: `update t set raw = ('{"id":' || id || '}')::json where id = 64` },
    ['different 64 raw'],
  ],
];

test.each(faults)('%s is found, and named by key and column', async (_name, fault, expected) => {
  expect(await found(fault)).toEqual(expected);
});

test('a fault in every row is counted, the first ones are named, and the account says when it is not exact', async () => {
  await database.query(`update t set seen = seen + interval '1 hour'`);
  const all = await compare(database, rows, table, { namedMax: 5 });
  expect(all).toMatchObject({ count: rowCount, exact: true, named: { length: 5 } });
  const some = await compare(database, rows, table, { namedMax: 5, limitRows: 100 });
  expect(some.exact).toBe(false);
  expect(some.named).toHaveLength(5);
  expect(some.count).toBeGreaterThan(500);
  expect(some.count).toBeLessThanOrEqual(rowCount);
});

test('two columns swapped throughout the table are found in every row', async () => {
  await database.query('update t set name = note, note = name');
  const { count, exact, named } = await compare(database, rows, table);
  expect({ count, exact }).toEqual({ count: rowCount, exact: true });
  expect(named[0].columns).toEqual(['name', 'note']);
});

test('rows left out are expected to be missing', async () => {
  await database.query('delete from t where id in (7, 8)');
  expect(await compare(database, rows, table, { leaveOut: new Set(['7', '8']) })).toMatchObject({
    count: 0,
    exact: true,
  });
  const { named } = await compare(database, rows, table, { leaveOut: new Set(['7', '9']) });
  expect(named.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(['extra 9', 'missing 8']);
});
