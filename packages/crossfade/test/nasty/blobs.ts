import { accounts, type NastyCase, moves, sqlite, stops } from './case.ts';

const mixed = "insert into t values (1, 'text'), (2, x'00ff'), (3, null)";
const MB = 1024 * 1024;

/** Bytes where text is declared, text where bytes are declared, and values of a size that nobody tried. */
export const blobs: readonly NastyCase[] = [
  {
    name: 'blobs that are not UTF-8 among text',
    build: sqlite('create table t (id integer primary key, a text)', mixed),
    expect: stops({ 't.a': 'E_BLOB_IN_TEXT' }),
  },
  {
    name: 'blobs among text, as bytes by the rule that the user named',
    build: sqlite('create table t (id integer primary key, a text)', mixed),
    options: { rules: ['t.a=bytea'] },
    expect: accounts({ altered: 1 }, { 't.a': 'bytea' }, 3),
    sees: { "select id, encode(a, 'hex') from t order by id": ['1|74657874', '2|00ff', '3|NULL'] },
  },
  {
    name: 'a blob among integers',
    build: sqlite('create table t (id integer primary key, a integer)', "insert into t values (1, 7), (2, x'fe')"),
    expect: stops({ 't.a': 'E_BLOB_IN_TEXT' }),
  },
  {
    name: 'nothing but blobs under a TEXT declaration',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      "insert into t values (1, x'00ff'), (2, x''), (3, null)",
    ),
    expect: moves({ 't.a': 'bytea' }, 3),
    sees: { "select id, encode(a, 'hex') from t order by id": ['1|00ff', '2|', '3|NULL'] },
  },
  {
    name: 'nothing but text under a BLOB declaration, some of it base64',
    build: sqlite(
      'create table t (id integer primary key, a blob)',
      "insert into t values (1, 'aGVsbG8='), (2, '\\x00ff'), (3, '')",
    ),
    expect: moves({ 't.a': 'text' }, 3),
    sees: { 'select id, a from t order by id': ['1|aGVsbG8=', '2|\\x00ff', '3|'] },
  },
  {
    name: 'blobs that happen to be ASCII stay bytes',
    build: sqlite(
      'create table t (id integer primary key, a blob)',
      "insert into t values (1, x'616263'), (2, x'313233')",
    ),
    expect: moves({ 't.a': 'bytea' }, 2),
    sees: { "select id, encode(a, 'hex') from t order by id": ['1|616263', '2|313233'] },
  },
  {
    name: 'a UUID as 16 bytes stays bytes',
    build: sqlite(
      'create table t (id blob primary key not null)',
      "insert into t values (x'00112233445566778899aabbccddeeff')",
    ),
    expect: moves({ 't.id': 'bytea' }, 1),
    sees: { "select encode(id, 'hex') from t": ['00112233445566778899aabbccddeeff'] },
  },
  {
    name: 'every byte there is, in one blob',
    build: sqlite(
      'create table t (a blob)',
      `insert into t values (x'${Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')}')`,
    ),
    expect: moves({ 't.a': 'bytea' }, 1),
    sees: {
      'select length(a), (select bool_and(get_byte(a, i) = i) from generate_series(0, 255) i) from t': ['256|t'],
    },
  },
  {
    name: 'a blob of 48 MB and a text of 40 MB in one row',
    build: sqlite(
      'create table t (id integer primary key, a blob, b text)',
      `insert into t values (1, zeroblob(${48 * MB}), printf('%.*c', ${40 * MB}, 'x') || 'ü'), (2, x'01', 'short')`,
    ),
    expect: moves({ 't.a': 'bytea', 't.b': 'text' }, 2),
    sees: {
      'select id, length(a), length(b), right(b, 2) from t order by id': [`1|${48 * MB}|${40 * MB + 1}|xü`, '2|1|5|rt'],
    },
  },
  {
    name: 'a JSON string of 270 MB under a rule that says jsonb, which keeps lengths in 28 bits',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      `insert into t values (1, '["' || printf('%.*c', 270000000, 'x') || '"]')`,
    ),
    options: { rules: ['t.a=jsonb'] },
    expect: stops({ 't.a': 'E_TYPE_UNFIT' }),
  },
  {
    name: 'a table without rows whose columns have every kind of declaration',
    build: sqlite(
      'create table t (a integer, b text, c blob, d real, e numeric, f boolean, g datetime, h, i varchar(10), j decimal(10,2))',
    ),
    expect: moves({ 't.b': 'text', 't.c': 'bytea', 't.d': 'double precision', 't.f': 'boolean', 't.i': 'text' }, 0),
    sees: { 'select count(*) from t': ['0'] },
  },
  {
    name: 'a column that is NULL in every row',
    build: sqlite(
      'create table t (id integer primary key, a text, b integer, c)',
      'insert into t (id) values (1), (2)',
    ),
    expect: moves({ 't.a': 'text' }, 2),
    sees: { 'select id, a, b, c from t order by id': ['1|NULL|NULL|NULL', '2|NULL|NULL|NULL'] },
  },
];
