import { expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { sourceFile } from '../support/sources.ts';

const times = (table: string, ...values: string[]) => [
  `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, at DATETIME)`,
  ...values.map((value, i) => `INSERT INTO ${table} VALUES (${(i + 1) * 10}, '${value}')`),
];

test('times that the clocks of a zone showed twice or never are counted, named, and read in that zone alone', async () => {
  const source = sourceFile(
    ...times('berlin', '2024-07-01 12:00:00', '2024-10-27 02:30:00', '2024-10-27 02:00:00', '2024-03-31 02:30:00'),
    // An offset says which of the two is meant.
    ...times(
      'offsets',
      '2024-10-27 02:30:00+01:00',
      '2024-10-27 02:30:00Z',
      '2024-10-27 01:59:59',
      '2024-10-27 03:00:00',
    ),
    // Half an hour, and in the southern half of the world.
    ...times('lord_howe', '2024-04-07 01:29:59', '2024-04-07 01:45:00', '2024-10-06 02:15:00', '2024-10-06 02:30:00'),
    // Clocks that were put forward at midnight: the day has none.
    ...times('sao_paulo', '2018-11-03', '2018-11-04'),
    ...times('utc', '2024-10-27 02:30:00', '2024-03-31 02:30:00'),
  );
  const zones = {
    berlin: 'Europe/Berlin',
    offsets: 'Europe/Berlin',
    lord_howe: 'Australia/Lord_Howe',
    sao_paulo: 'America/Sao_Paulo',
  };
  const rules = Object.entries(zones).map(([table, zone]) => `${table}.at=zone:${zone}`);
  const { query, drop: _drop, ...target } = await freshDatabase();
  const stopped = await move({ source, target, jobs: 1, rules });
  expect([stopped.verdict, stopped.exitCode]).toEqual(['stopped', 3]);
  expect(stopped.warnings).toEqual([
    '2 of the times in "berlin.at" may be either of two instants, and the first was taken: the clocks showed them twice (Europe/Berlin; the first in rowid 20).',
    '1 of the times in "berlin.at" are no instants: the clocks never showed them (Europe/Berlin; the first in rowid 40).',
    '1 of the times in "lord_howe.at" may be either of two instants, and the first was taken: the clocks showed them twice (Australia/Lord_Howe; the first in rowid 20).',
    '1 of the times in "lord_howe.at" are no instants: the clocks never showed them (Australia/Lord_Howe; the first in rowid 30).',
    '1 of the times in "sao_paulo.at" are no instants: the clocks never showed them (America/Sao_Paulo; the first in rowid 20).',
  ]);
  expect(stopped.badValues.map(({ table, code, count, firstKey }) => [table, code, count, firstKey])).toEqual([
    ['berlin', 'E_TYPE_UNFIT', 1, 'rowid 40'],
    ['lord_howe', 'E_TYPE_UNFIT', 1, 'rowid 30'],
    ['sao_paulo', 'E_TYPE_UNFIT', 1, 'rowid 20'],
  ]);
  const why = (table: string) => stopped.tables.find(({ source: name }) => name === table)?.columns[1]?.why;
  expect(why('berlin')).toBe('all 4 values are ISO timestamps without an offset, read as Europe/Berlin');
  expect(why('utc')).toBe('all 2 values are ISO timestamps without an offset, read as UTC');

  const moved = await move({
    source,
    target,
    jobs: 1,
    rules,
    badValues: 'quarantine',
    quarantineFile: `${source}.jsonl`,
  });
  expect([moved.verdict, moved.tables.map(({ rejected }) => rejected)]).toEqual(['accounted', [1, 1, 0, 1, 0]]);
  const { rows } = await query(
    `select t, id, (at at time zone 'UTC')::text as utc from (select 'berlin' as t, * from berlin union all select 'lord_howe', * from lord_howe
       union all select 'offsets', * from offsets) as all_times where id <> 10 or t = 'offsets' order by t, id`,
  );
  expect(rows.map(({ t, id, utc }) => `${t} ${id} ${utc}`)).toEqual([
    'berlin 20 2024-10-27 00:30:00',
    'berlin 30 2024-10-27 00:00:00',
    'lord_howe 20 2024-04-06 14:45:00',
    'lord_howe 40 2024-10-05 15:30:00',
    'offsets 10 2024-10-27 01:30:00',
    'offsets 20 2024-10-27 02:30:00',
    'offsets 30 2024-10-26 23:59:59',
    'offsets 40 2024-10-27 02:00:00',
  ]);
});
