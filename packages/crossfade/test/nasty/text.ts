import { type NastyCase, accounts, moves, sqlite, stops } from './case.ts';

const note = 'create table t (id integer primary key, note text)';
const hex = "select encode(convert_to(note, 'UTF8'), 'hex') from t order by id";

/** Bytes that PostgreSQL's text does not hold, and bytes that it does and that others lose. */
export const text: readonly NastyCase[] = [
  {
    name: 'a NUL inside text',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, 'zz-canary' || char(0) || 'lost'), (3, null)"),
    expect: stops({ 't.note': 'E_TEXT_NUL' }),
    hides: ['zz-canary', 'lost'],
  },
  {
    name: 'text that is one NUL',
    build: sqlite(note, 'insert into t values (1, char(0))'),
    expect: stops({ 't.note': 'E_TEXT_NUL' }),
  },
  {
    name: 'a NUL at the end of a date, where a reader that stops at NUL sees a date',
    build: sqlite(
      'create table t (id integer primary key, at datetime)',
      "insert into t values (1, '2024-01-01' || char(0))",
    ),
    expect: stops({ 't.at': 'E_TEXT_NUL' }),
  },
  {
    name: 'a NUL after an integer in text',
    build: sqlite(note, "insert into t values (1, '42'), (2, '42' || char(0) || 'x')"),
    expect: stops({ 't.note': 'E_TEXT_NUL' }),
  },
  {
    name: 'two bad columns and three bad rows are counted, not only the first',
    build: sqlite(
      'create table t (id integer primary key, note text, more text)',
      "insert into t values (1, 'a' || char(0), 'fine'), (2, 'b' || char(0), cast(x'ff' as text)), (3, 'fine', 'fine')",
    ),
    expect: stops({ 't.note': 'E_TEXT_NUL', 't.more': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'a NUL under quarantine withholds its whole row and no other',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, 'a' || char(0) || 'b'), (3, '')"),
    options: { badValues: 'quarantine' },
    expect: accounts({ rejected: 1, bad: { 't.note': 'E_TEXT_NUL' } }, { 't.note': 'text' }, 3),
    sees: { 'select id, note from t order by id': ['1|kept', '3|'] },
  },
  {
    name: 'NUL stripped by the rule that the user named',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, 'a' || char(0) || 'b' || char(0))"),
    options: { rules: ['t.note=nul:strip'] },
    expect: accounts({ altered: 1 }, { 't.note': 'text' }, 2),
    sees: { 'select id, note from t order by id': ['1|kept', '2|ab'] },
  },
  {
    name: 'NUL replaced by the rule that the user named',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, 'a' || char(0) || 'b')"),
    options: { rules: ['t.note=nul:replace'] },
    expect: accounts({ altered: 1 }, { 't.note': 'text' }, 2),
    sees: { [hex]: ['6b657074', '61efbfbd62'] },
  },
  {
    name: 'NUL kept by the type that the user named: the bytes of the text',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, 'a' || char(0) || 'b')"),
    options: { rules: ['t.note=bytea'] },
    expect: accounts({ altered: 2 }, { 't.note': 'bytea' }, 2),
    sees: { "select encode(note, 'hex') from t order by id": ['6b657074', '610062'] },
  },
  {
    name: 'a byte that begins no UTF-8 character',
    build: sqlite(note, "insert into t values (1, 'kept'), (2, cast(x'61ff62' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'UTF-8 cut off within a character',
    build: sqlite(note, "insert into t values (1, cast(x'6162e282' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'overlong UTF-8 (C0 80 for NUL)',
    build: sqlite(note, "insert into t values (1, cast(x'61c08062' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'a surrogate in UTF-8 (ED A0 80), alone and in a CESU-8 pair',
    build: sqlite(note, "insert into t values (1, cast(x'eda080' as text)), (2, cast(x'eda0bdedb880' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'a code point beyond U+10FFFF (F4 90 80 80)',
    build: sqlite(note, "insert into t values (1, cast(x'f4908080' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'ISO 8859-1 text read by the rule that the user named',
    build: sqlite(note, "insert into t values (1, 'ascii'), (2, cast(x'4dfc6c6c6572' as text))"),
    options: { rules: ['t.note=encoding:latin1'] },
    expect: accounts({ altered: 1 }, { 't.note': 'text' }, 2),
    sees: { [hex]: ['6173636969', '4dc3bc6c6c6572'] },
  },
  {
    name: 'bad bytes replaced by the rule that the user named',
    build: sqlite(note, "insert into t values (1, cast(x'61ff62' as text)), (2, 'fine')"),
    options: { rules: ['t.note=encoding:replace'] },
    expect: accounts({ altered: 1 }, { 't.note': 'text' }, 2),
    sees: { [hex]: ['61efbfbd62', '66696e65'] },
  },
  {
    name: 'a UTF-16le database with characters beyond the BMP',
    build: sqlite("pragma encoding = 'UTF-16le'", note, "insert into t values (1, 'ö😀'), (2, ''), (3, null)"),
    expect: moves({ 't.note': 'text' }, 3),
    sees: { [hex]: ['c3b6f09f9880', '', 'NULL'] },
  },
  {
    name: 'a UTF-16be database with unicode in names and JSON',
    build: sqlite(
      "pragma encoding = 'UTF-16be'",
      'create table "tä" ("ü" text)',
      `insert into "tä" values ('{"ñ":"😀"}')`,
    ),
    expect: moves({ 'tä.ü': 'jsonb' }, 1),
    sees: { 'select "ü"::text from "tä"': ['{"ñ": "😀"}'] },
  },
  {
    name: 'a lone surrogate in a UTF-16 database',
    build: sqlite("pragma encoding = 'UTF-16le'", note, "insert into t values (1, cast(x'610000d86200' as text))"),
    expect: stops({ 't.note': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'noncharacters, a byte order mark and private use, all valid UTF-8',
    build: sqlite(
      note,
      "insert into t values (1, char(0xfffe) || char(0xffff)), (2, char(0xfeff) || 'a'), (3, char(0xe000) || char(0x10ffff))",
    ),
    expect: moves({ 't.note': 'text' }, 3),
    sees: { [hex]: ['efbfbeefbfbf', 'efbbbf61', 'ee8080f48fbfbf'] },
  },
  {
    name: "COPY's own signs: backslashes, \\N, \\., tabs, line ends, quotes, commas",
    build: sqlite(
      note,
      String.raw`insert into t values (1, '\N'), (2, '\.'), (3, 'a' || char(9) || 'b\tc'), (4, char(13) || char(10)), (5, '"x","y"'), (6, '\'), (7, '\x41')`,
    ),
    expect: moves({ 't.note': 'text' }, 7),
    sees: { [hex]: ['5c4e', '5c2e', '6109625c7463', '0d0a', '2278222c227922', '5c', '5c783431'] },
  },
  {
    name: 'text that a spreadsheet would run: it begins with =, +, - or @, and arrives as it is',
    build: sqlite(
      note,
      `insert into t values (1, '=1+1'), (2, '+1'), (3, '-1'), (4, '@SUM(A1)'), (5, '=cmd|'' /C calc''!A0')`,
    ),
    expect: moves({ 't.note': 'text' }, 5),
    sees: { 'select note from t order by id': ['=1+1', '+1', '-1', '@SUM(A1)', "=cmd|' /C calc'!A0"] },
  },
  {
    name: 'control characters, escape sequences, direction marks',
    build: sqlite(
      note,
      "insert into t values (1, char(27) || '[31m' || char(7)), (2, char(1, 31, 127, 0x85)), (3, char(0x202e) || 'abc')",
    ),
    expect: moves({ 't.note': 'text' }, 3),
    sees: { [hex]: ['1b5b33316d07', '011f7fc285', 'e280ae616263'] },
  },
  {
    name: 'empty text stays empty and NULL stays NULL, also where every other value is a number',
    build: sqlite(
      'create table t (id integer primary key, a text, n integer)',
      "insert into t values (1, '', ''), (2, null, null), (3, ' ', 5)",
    ),
    expect: moves({ 't.a': 'text', 't.n': 'text' }, 3),
    sees: { 'select id, a, n from t order by id': ['1||', '2|NULL|NULL', '3| |5'] },
  },
  {
    name: 'empty text made NULL by the rule that the user named',
    build: sqlite(
      'create table t (id integer primary key, n integer)',
      "insert into t values (1, ''), (2, null), (3, 5)",
    ),
    options: { rules: ['t.n=empty:null'] },
    expect: accounts({ altered: 1 }, { 't.n': 'integer' }, 3),
    sees: { 'select id, n from t order by id': ['1|NULL', '2|NULL', '3|5'] },
  },
  {
    name: 'composed and decomposed forms of one letter stay two values of a unique column',
    build: sqlite(
      'create table t (note text not null unique)',
      "insert into t values (char(0xe9)), ('e' || char(0x301))",
    ),
    expect: moves({ 't.note': 'text' }, 2),
    sees: { 'select count(distinct note), count(*) from t': ['2|2'] },
  },
  {
    name: 'trailing spaces, and text that looks like numbers, under a CHAR declaration',
    build: sqlite(
      'create table t (id integer primary key, code char(5))',
      "insert into t values (1, '007  '), (2, '7'), (3, '1e5'), (4, 'longer than five')",
    ),
    expect: moves({ 't.code': 'text' }, 4),
    sees: { "select id, code || '<' from t order by id": ['1|007  <', '2|7<', '3|1e5<', '4|longer than five<'] },
  },
];
