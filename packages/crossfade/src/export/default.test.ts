import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { targetOf } from '../../test/support/documents.ts';
import { move } from '../move/move.ts';
import { exportSchema } from './export.ts';

/** A column each, and whether its default is carried over. */
const defaults: readonly [column: string, isCarried: boolean][] = [
  ['at timestamptz default now()', true],
  ['fine timestamptz(3) default current_timestamp', true],
  ['coarse timestamptz(0) default now()', false],
  ['local timestamp default now()', false],
  [`minus double precision default '-0'`, false],
  [`minus_small real default '-0'`, false],
  [`minus_digits numeric default '-0.0'`, true],
  ['negative int default -1', true],
  [`short varchar(3) default 'é''😀'`, true],
  [`long varchar(3) default 'abcd'`, false],
  [`tag_of tag default 'ab'`, true],
  [`tag_long tag default 'abc'`, false],
  ['price_of price default 1', true],
];

test('a default puts into a row what PostgreSQL would, and is else named', async () => {
  const [database, again] = [await freshDatabase(), await freshDatabase()];
  await database.query(`create domain tag as varchar(2); create domain price as numeric(9,2);
    create table t (id int primary key, ${defaults.map(([column]) => column).join(', ')}); insert into t (id, long, tag_long) values (1, '', '')`);
  const path = join(tempFolder(), 'copy.db');
  const { notTranslated } = await exportSchema({ from: targetOf(database), to: `sqlite:${path}` });
  const named = notTranslated.flatMap(({ what }) => /^default of (.*) of t$/.exec(what)?.[1] ?? []);
  const lost = defaults.filter(([, isCarried]) => !isCarried).map(([column]) => column.split(' ')[0]);
  expect(named).toEqual(lost);
  const copy = new DatabaseSync(path);
  copy.exec('INSERT INTO t (id) VALUES (2)');
  const [first, second] = copy.prepare('SELECT * FROM t ORDER BY id').all();
  copy.close();
  for (const [name, value] of Object.entries(second))
    if (name === 'at' || name === 'fine') expect(value, name).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/);
    else if (name !== 'id' && !lost.includes(name)) expect(value, name).toEqual(first[name]);
  expect(await move({ source: path, target: targetOf(again) })).toMatchObject({ verdict: 'equal' });
  const { rows } = await again.query(
    "select column_default as given, data_type as type from information_schema.columns where column_name in ('at', 'fine')",
  );
  expect(rows.map(({ given, type }) => [given, type])).toEqual([
    ['CURRENT_TIMESTAMP', 'timestamp with time zone'],
    ['CURRENT_TIMESTAMP', 'timestamp with time zone'],
  ]);
});
