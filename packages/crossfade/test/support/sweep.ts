import { expect } from 'vitest';
import type { TestDatabase } from '../harness/postgres.ts';
import type { Ended } from './cli.ts';
import { moveKilledAt, reportOf, type When } from './moves.ts';
import { expectSameRows } from './same-rows.ts';
import { loadSchemas, nextKey, publishedTables, schemaParts } from './traces.ts';

/** Tables of `smallSource`. */
export const smallTables = ['nothing_yet', 'person', 'setting', 'visit'];

/** What a sweep came to. */
export interface Swept {
  readonly kills: number;
  /** Calls of the run that completed. */
  readonly calls: number;
  readonly last: Ended;
}

/** Kills the same command at its 1st, (1 + stride)th, ... call, always on the same database, until a run ends by itself. */
export async function sweep(
  when: When,
  stride: number,
  args: readonly string[],
  database: TestDatabase,
): Promise<Swept> {
  for (let n = 1, kills = 0; ; n += stride) {
    const ended = await moveKilledAt(n, when, args, database);
    if (ended.signal === null) return { kills, calls: ended.calls, last: ended };
    kills++;
    expect(ended.signal).toBe('SIGKILL');
    await expectAllOrNothing(database);
  }
}

/** Whatever moment a run was killed in, either every table is there or none. */
export async function expectAllOrNothing(database: TestDatabase): Promise<void> {
  const published = await publishedTables(database);
  expect([[], smallTables]).toContainEqual(published);
}

/** The end of every interrupted move of `smallSource`: as if nothing had happened. `withheld` says that person 9000 is to be missing. */
export async function expectComplete(
  ended: Ended,
  source: string,
  database: TestDatabase,
  withheld: boolean,
): Promise<void> {
  const report = reportOf(ended);
  expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: withheld ? 4 : 0, stderr: '' });
  expect(report.verdict).toBe(withheld ? 'accounted' : 'equal');
  expect(
    report.tables.map(({ source: name, rows, loaded, rejected, verified }) => [name, rows, loaded, rejected, verified]),
  ).toEqual([
    ['nothing_yet', 0, 0, 0, 0],
    withheld ? ['person', 61, 60, 1, 60] : ['person', 60, 60, 0, 60],
    ['setting', 50, 50, 0, 50],
    ['visit', 200, 200, 0, 200],
  ]);
  await expectSameRows(source, database, { where: { person: 'id <> 9000' } });
  expect(await loadSchemas(database)).toEqual([]);
  expect(await publishedTables(database)).toEqual(smallTables);
  expect(await schemaParts(database)).toEqual(smallParts);
  const next = { nothing_yet: 42, person: withheld ? 9001 : 901, visit: 601 };
  for (const [table, key] of Object.entries(next))
    expect([table, await nextKey(database, table)]).toEqual([table, key]);
}

const smallParts = [
  'CREATE INDEX person_active ON public.person USING btree (created_at) WHERE (active = true)',
  'CREATE INDEX visit_person ON public.visit USING btree (person_id, minutes DESC)',
  'nothing_yet PRIMARY KEY (id)',
  'person PRIMARY KEY (id)',
  'person UNIQUE (email)',
  'setting PRIMARY KEY (k, lang)',
  'visit CHECK ((minutes >= 0))',
  'visit FOREIGN KEY (person_id) REFERENCES person(id) ON DELETE CASCADE',
  'visit PRIMARY KEY (id)',
];
