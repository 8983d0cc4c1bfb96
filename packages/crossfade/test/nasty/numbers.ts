import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Build, type NastyCase, makeSqlite, moves, sqlite, stops } from './case.ts';

const column = (declared: string) => `create table t (id integer primary key, a ${declared})`;
const seen = (...values: string[]) => ({
  'select a::text from t order by id': values,
});

/** A double that no statement can store, because SQLite would make it an integer or NULL: written over a marker's bytes. */
function withDouble(bytes: string): Build {
  return (folder) => {
    const path = makeSqlite(
      join(folder, 'source.db'),
      column('real'),
      'insert into t values (1, 1.2345678901234567), (2, 0.5), (3, -2.5)',
    );
    const marker = Buffer.alloc(8);
    marker.writeDoubleBE(1.2345678901234567);
    const file = readFileSync(path);
    const at = file.indexOf(marker);
    if (at < 0 || file.indexOf(marker, at + 1) >= 0) throw new Error('The marker stands not exactly once in the file.');
    Buffer.from(bytes, 'hex').copy(file, at);
    writeFileSync(path, file);
    return path;
  };
}

/** Doubles that are bound: SQLite before 3.53 reads some literals of 17 digits as the double beside. */
function doubles(...values: readonly number[]): Build {
  return (folder) => {
    const path = makeSqlite(join(folder, 'source.db'), column('real'));
    const db = new DatabaseSync(path);
    const row = db.prepare('insert into t (a) values (?)');
    for (const value of values) row.run(value);
    db.close();
    return path;
  };
}

/** Numbers that a JavaScript number, 15 digits or the declared type would change. */
export const numbers: readonly NastyCase[] = [
  {
    name: 'integers beyond 2^53',
    build: sqlite(column('integer'), 'insert into t values (1, 9007199254740993), (2, -9007199254740993), (3, 1)'),
    expect: moves({ 't.a': 'bigint' }, 3),
    sees: seen('9007199254740993', '-9007199254740993', '1'),
  },
  {
    name: 'the largest and the smallest integer',
    build: sqlite(column('integer'), 'insert into t values (1, 9223372036854775807), (2, -9223372036854775807 - 1)'),
    expect: moves({ 't.a': 'bigint' }, 2),
    sees: seen('9223372036854775807', '-9223372036854775808'),
  },
  {
    name: "exactly integer's range, and one beyond it",
    build: sqlite(
      'create table t (id integer primary key, a integer, b integer, c bigint)',
      'insert into t values (1, 2147483647, 2147483648, 1), (2, -2147483648, 0, 2)',
    ),
    expect: moves({ 't.a': 'integer', 't.b': 'bigint' }, 2),
    sees: { 'select a, b, c from t order by id': ['2147483647|2147483648|1', '-2147483648|0|2'] },
  },
  {
    name: 'an integer beyond 64 bits, which SQLite keeps as a real, in an INTEGER column',
    build: sqlite(column('integer'), 'insert into t values (1, 9223372036854775808), (2, 5)'),
    expect: moves({ 't.a': 'double precision' }, 2),
    sees: { 'select a = 9223372036854775808::float8, a = 5 from t order by id': ['t|f', 'f|t'] },
  },
  {
    name: '1e300 in an INTEGER column',
    build: sqlite(column('integer'), 'insert into t values (1, 1e300), (2, -7)'),
    expect: moves({ 't.a': 'double precision' }, 2),
    sees: seen('1e+300', '-7'),
  },
  {
    name: '1e300 beside an integer that no double holds',
    build: sqlite(column('integer'), 'insert into t values (1, 1e300), (2, 9007199254740993)'),
    expect: moves({ 't.a': 'numeric' }, 2),
    sees: { 'select a::float8 = 1e300, a = 9007199254740993 from t order by id': ['t|f', 'f|t'] },
  },
  {
    name: 'infinities',
    build: sqlite(column('real'), 'insert into t values (1, 9e999), (2, -9e999), (3, 1.5)'),
    expect: moves({ 't.a': 'double precision' }, 3),
    sees: seen('Infinity', '-Infinity', '1.5'),
  },
  {
    name: 'an infinity in a DECIMAL column of exact integers',
    build: sqlite(column('decimal(10,2)'), 'insert into t values (1, 9e999), (2, 9007199254740993)'),
    expect: moves({ 't.a': 'numeric' }, 2),
    sees: seen('Infinity', '9007199254740993'),
  },
  {
    name: 'minus zero, in a column without a type',
    build: sqlite(column(''), 'insert into t values (1, -0.0), (2, 0.5)'),
    expect: moves({ 't.a': 'double precision' }, 2),
    sees: seen('-0', '0.5'),
  },
  {
    name: 'minus zero in a column of any type of a STRICT table',
    build: sqlite('create table t (id integer primary key, a any) strict', 'insert into t values (1, -0.0), (2, 0.5)'),
    expect: moves({ 't.a': 'double precision' }, 2),
    sees: seen('-0', '0.5'),
  },
  {
    name: 'minus zero among the bytes of a REAL column, where SQLite itself writes 0 and tells no difference',
    build: withDouble('8000000000000000'),
    expect: moves({ 't.a': 'double precision' }, 3),
    sees: { 'select a = 0 from t where id = 1': ['t'], 'select a from t where id > 1 order by id': ['0.5', '-2.5'] },
  },
  {
    name: 'NaN among the bytes of a REAL column: SQLite itself reads it as NULL',
    build: withDouble('7ff8000000000000'),
    expect: moves({ 't.a': 'double precision' }, 3),
    sees: seen('NULL', '0.5', '-2.5'),
  },
  {
    name: 'all 17 digits, the smallest denormal, the largest double',
    build: doubles(
      0.1 + 0.2,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      // The double below the smallest one that is no denormal.
      2 ** -1022 - Number.MIN_VALUE,
      1 + Number.EPSILON,
      123_456_789_012_345_680,
    ),
    expect: moves({ 't.a': 'double precision' }, 6),
    sees: {
      "select encode(float8send(a), 'hex') from t order by id": [
        '3fd3333333333334',
        '0000000000000001',
        '7fefffffffffffff',
        '000fffffffffffff',
        '3ff0000000000001',
        '437b69b4ba630f35',
      ],
    },
  },
  {
    name: 'reals that a four-byte float would round',
    build: sqlite(column('float'), 'insert into t values (1, 16777217.0), (2, 0.1), (3, 3.141592653589793)'),
    expect: moves({ 't.a': 'double precision' }, 3),
    sees: seen('16777217', '0.1', '3.141592653589793'),
  },
  {
    name: 'DECIMAL(10,2) with larger and finer values than it says',
    build: sqlite(
      column('decimal(10,2)'),
      'insert into t values (1, 12345678901.5), (2, 0.30000000000000004), (3, 19.99), (4, 7)',
    ),
    expect: moves({ 't.a': 'numeric' }, 4),
    sees: seen('12345678901.5', '0.30000000000000004', '19.99', '7'),
  },
  {
    name: 'decimals of 30 digits kept as text',
    build: sqlite(column('text'), "insert into t values (1, '123456789012345678901234567890.123'), (2, '1.10')"),
    expect: moves({ 't.a': 'text' }, 2),
    sees: seen('123456789012345678901234567890.123', '1.10'),
  },
  {
    name: 'text and reals in an INTEGER column',
    build: sqlite(column('integer'), "insert into t values (1, 7), (2, 'abc'), (3, 1.5), (4, null), (5, '0x1F')"),
    expect: moves({ 't.a': 'text' }, 5),
    sees: seen('7', 'abc', '1.5', 'NULL', '0x1F'),
  },
  {
    name: 'text in an INTEGER column under a rule that says integer',
    build: sqlite(column('integer'), "insert into t values (1, 7), (2, 'zz-canary')"),
    options: { rules: ['t.a=integer'] },
    expect: stops({ 't.a': 'E_TYPE_UNFIT' }),
    hides: ['zz-canary'],
  },
  {
    name: 'an integer too large for the rule that says integer',
    build: sqlite(column('integer'), 'insert into t values (1, 7), (2, 2147483648)'),
    options: { rules: ['t.a=integer'] },
    expect: stops({ 't.a': 'E_TYPE_UNFIT' }),
  },
  {
    name: 'a real with a fraction under a rule that says bigint is not rounded',
    build: sqlite(column('real'), 'insert into t values (1, 2.0), (2, 2.5)'),
    options: { rules: ['t.a=bigint'] },
    expect: stops({ 't.a': 'E_TYPE_UNFIT' }),
  },
  {
    name: 'text that looks like a number stays text beside numbers in a column without a type',
    build: sqlite(column(''), "insert into t values (1, 7), (2, '007'), (3, '7')"),
    expect: moves({ 't.a': 'text' }, 3),
    sees: seen('7', '007', '7'),
  },
];
