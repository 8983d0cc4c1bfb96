import { type NastyCase, moves, sqlite, stops } from './case.ts';

const at = (declared: string, ...values: string[]) =>
  sqlite(
    `create table t (id integer primary key, at ${declared})`,
    ...values.map((value, i) => `insert into t values (${i + 1}, ${value})`),
  );
const utc = (...values: string[]) => ({ "select (at at time zone 'UTC')::text from t order by id": values });
const seen = (...values: string[]) => ({ 'select at::text from t order by id': values });
/** Columns that keep their own words, because one value is not an instant. */
const staysText = (name: string, ...values: string[]): NastyCase => ({
  name,
  build: at('datetime', ...values.map((value) => `'${value}'`)),
  expect: moves({ 't.at': 'text' }, values.length),
  sees: seen(...values),
});

/** Instants in their many spellings, and what only looks like one. */
export const times: readonly NastyCase[] = [
  {
    name: 'ISO text with offsets, microseconds kept',
    build: at(
      'text',
      "'2026-02-05 21:14:41.123456+00:00'",
      "'2026-02-05T21:14:41Z'",
      "'2026-02-05 21:14:41.5-05:30'",
      'null',
    ),
    expect: moves({ 't.at': 'timestamptz' }, 4),
    sees: utc('2026-02-05 21:14:41.123456', '2026-02-05 21:14:41', '2026-02-06 02:44:41.5', 'NULL'),
  },
  {
    name: 'a space before the offset, which one ORM writes, microseconds and zones included',
    build: at(
      'datetime',
      "'2021-12-29 20:16:54.221 +00:00'",
      "'2026-02-05 21:14:41.123456 -05:30'",
      "'2026-02-05 21:14:41 +0200'",
    ),
    expect: moves({ 't.at': 'timestamptz' }, 3),
    sees: utc('2021-12-29 20:16:54.221', '2026-02-06 02:44:41.123456', '2026-02-05 19:14:41'),
  },
  {
    name: 'ISO text without an offset is UTC, whatever the zone of the server or the machine',
    build: at('datetime', "'2024-03-31 02:30:00'", "'2024-10-27 02:30:00.000001'"),
    before:
      "do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'Europe/Berlin'); end $$",
    expect: moves({ 't.at': 'timestamptz' }, 2),
    sees: utc('2024-03-31 02:30:00', '2024-10-27 02:30:00.000001'),
  },
  {
    name: 'ISO text without an offset, as timestamp by rule',
    build: at('datetime', "'2024-03-31 02:30:00'", "'1969-12-31 23:59:59.999999'"),
    options: { rules: ['t.at=timestamp'] },
    expect: moves({ 't.at': 'timestamp' }, 2),
    sees: seen('2024-03-31 02:30:00', '1969-12-31 23:59:59.999999'),
  },
  {
    name: 'an offset under a rule that says timestamp is not dropped',
    build: at('datetime', "'2024-03-31 02:30:00'", "'2024-03-31 02:30:00+02:00'"),
    options: { rules: ['t.at=timestamp'] },
    expect: stops({ 't.at': 'E_TYPE_UNFIT' }),
  },
  {
    name: 'wall-clock times of a zone named by rule',
    build: at('datetime', "'2024-07-01 12:00:00'", "'2024-01-01 12:00:00'"),
    options: { rules: ['t.at=zone:Europe/Berlin'] },
    expect: moves({ 't.at': 'timestamptz' }, 2),
    sees: utc('2024-07-01 10:00:00', '2024-01-01 11:00:00'),
  },
  {
    name: 'a wall-clock time that the zone skips (02:30 on the last Sunday of March)',
    build: at('datetime', "'2024-07-01 12:00:00'", "'2024-03-31 02:30:00'"),
    options: { rules: ['t.at=zone:Europe/Berlin'] },
    expect: { ...stops({ 't.at': 'E_TYPE_UNFIT' }), warns: ['1 of the times in "t.at" are no instants'] },
  },
  {
    name: 'a wall-clock time that the zone shows twice (02:30 on the last Sunday of October) is the first of the two, and counted',
    build: at(
      'datetime',
      "'2024-10-27 02:30:00'",
      "'2024-10-27 02:59:59.999999'",
      "'2024-10-27 03:00:00'",
      "'2024-10-27 01:59:59'",
    ),
    options: { rules: ['t.at=zone:Europe/Berlin'] },
    expect: moves({ 't.at': 'timestamptz' }, 4, { warns: ['2 of the times in "t.at" may be either of two instants'] }),
    sees: utc('2024-10-27 00:30:00', '2024-10-27 00:59:59.999999', '2024-10-27 02:00:00', '2024-10-26 23:59:59'),
  },
  {
    name: 'dates',
    build: at('date', "'2024-02-29'", "'0001-01-01'", "'9999-12-31'"),
    expect: moves({ 't.at': 'date' }, 3),
    sees: seen('2024-02-29', '0001-01-01', '9999-12-31'),
  },
  staysText('30 February', '2024-02-29', '2024-02-30'),
  staysText('29 February in a year without one', '2023-02-29', '2024-02-29'),
  staysText('0000-00-00 and the year 0', '0000-00-00', '0000-01-01', '2024-01-01'),
  staysText('31/12/2020 among ISO dates', '2020-12-31', '31/12/2020'),
  staysText("'' among instants", '2024-01-01 00:00:00', ''),
  staysText('the second 60', '2016-12-31 23:59:60', '2016-12-31 23:59:59'),
  staysText('the hour 24', '2024-01-01 24:00:00', '2024-01-01 00:00:00'),
  staysText('nanoseconds', '2024-01-01 00:00:00.123456789', '2024-01-01 00:00:00'),
  staysText('years before 1 and beyond 9999', '-0044-03-15', '10000-01-01', '2024-01-01'),
  staysText("'infinity' and 'now', which PostgreSQL would take", 'infinity', 'now', '2024-01-01'),
  staysText('times of day', '12:30', '2024-01-01 12:30:00'),
  staysText('spaces around an instant', ' 2024-01-01 12:30:00', '2024-01-01 12:30:00'),
  staysText('an offset that no clock has', '2024-01-01 12:30:00+26:00', '2024-01-01 12:30:00+00:00'),
  {
    name: 'epoch seconds in a DATETIME column, 0 and before 1970 included',
    build: at('datetime', '1700000000', '0', '-1000000000', 'null'),
    expect: moves({ 't.at': 'timestamptz' }, 4),
    sees: utc('2023-11-14 22:13:20', '1970-01-01 00:00:00', '1938-04-24 22:13:20', 'NULL'),
  },
  {
    name: 'seconds, milliseconds, microseconds and ISO text mixed in one column',
    build: at('datetime', '1700000000', '1700000000123', '1700000000123456', "'2023-11-14 22:13:20.123456'"),
    expect: moves({ 't.at': 'timestamptz' }, 4),
    sees: utc(
      '2023-11-14 22:13:20',
      '2023-11-14 22:13:20.123',
      '2023-11-14 22:13:20.123456',
      '2023-11-14 22:13:20.123456',
    ),
  },
  {
    name: 'microseconds at the edges of what counts as such, before and after 1970',
    build: at('datetime', '100000000000000', '7299999999999999', '1700000000999999', '-1000000000000001', '0'),
    expect: moves({ 't.at': 'timestamptz' }, 5),
    sees: utc(
      '1973-03-03 09:46:40',
      '2201-04-30 17:46:39.999999',
      '2023-11-14 22:13:20.999999',
      '1938-04-24 22:13:19.999999',
      '1970-01-01 00:00:00',
    ),
  },
  {
    name: 'one number beyond these edges: none of the column becomes a time',
    build: at('datetime', '1700000000123456', '7400000000000000'),
    expect: moves({ 't.at': 'bigint' }, 2),
    sees: seen('1700000000123456', '7400000000000000'),
  },
  {
    name: 'integers that are no plausible instants under DATETIME stay integers',
    build: at('datetime', '1', '20240131', '1700000000'),
    expect: moves({ 't.at': 'integer' }, 3),
    sees: seen('1', '20240131', '1700000000'),
  },
  {
    name: 'epoch seconds without a date-like declaration stay integers',
    build: at('integer', '1700000000', '1700000001'),
    expect: moves({ 't.at': 'integer' }, 2),
    sees: seen('1700000000', '1700000001'),
  },
  {
    name: 'Julian days under DATETIME stay numbers',
    build: at('datetime', '2460000.5', '2451544.25'),
    expect: moves({ 't.at': 'double precision' }, 2),
    sees: seen('2460000.5', '2451544.25'),
  },
  {
    name: "a Julian day and '' among instants: the column keeps its own words",
    build: at('datetime', "'2024-01-01 00:00:00'", '2460000.5', "''"),
    expect: moves({ 't.at': 'text' }, 3),
    sees: seen('2024-01-01 00:00:00', '2460000.5', ''),
  },
  {
    name: 'one instant in two spellings in a UNIQUE column: as instants they would collide',
    build: at('datetime unique', "'2024-01-01 00:00:00'", "'2024-01-01T00:00:00Z'", "'2024-01-01 01:00:00+01:00'"),
    expect: moves({ 't.at': 'text' }, 3),
    sees: seen('2024-01-01 00:00:00', '2024-01-01T00:00:00Z', '2024-01-01 01:00:00+01:00'),
  },
  {
    name: 'plain types leave text as it is',
    build: sqlite(
      'create table t (id integer primary key, at datetime, j json, u text)',
      `insert into t values (1, '2024-01-01 00:00:00', '{"a": 1}', '00112233-4455-6677-8899-aabbccddeeff')`,
    ),
    options: { types: 'plain' },
    expect: moves({ 't.at': 'text', 't.j': 'text', 't.u': 'text' }, 1),
    sees: { 'select at, j, u from t': ['2024-01-01 00:00:00|{"a": 1}|00112233-4455-6677-8899-aabbccddeeff'] },
  },
];
