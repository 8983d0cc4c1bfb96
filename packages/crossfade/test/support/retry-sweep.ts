import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { retry } from '../../src/move/retry.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { moveKilledAt, type When } from './moves.ts';
import { listed, mend, quarantined, retried } from './rejects.ts';
import { loadSchemas, nextKey } from './traces.ts';
import { numbers, sourceFile } from './sources.ts';

/** Which of the withheld rows somebody has mended before the retry. */
export type Mended = 'every row' | 'some rows';

const tables = ['letter', 'tag', 'log'];

/** What a retry begins with, and what an uninterrupted one has left. */
export interface RetryScene {
  /** Copied for each retry, so that none sees what another has done. */
  readonly database: TestDatabase;
  readonly list: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The rows that stay in the list. */
  readonly rest: readonly unknown[];
  readonly next: number;
}

/** Keys of all three kinds: SQLite's own, one of text, and none. Three letters, three tags and two lines are withheld. */
function letters(): string {
  return sourceFile(
    'CREATE TABLE letter (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, sender TEXT UNIQUE)',
    'CREATE TABLE tag (name TEXT, lang TEXT, letter INTEGER REFERENCES letter, note TEXT, PRIMARY KEY (name, lang)) WITHOUT ROWID',
    'CREATE TABLE log (line TEXT, n INTEGER)',
    `${numbers(9)} INSERT INTO letter SELECT i, 'body ' || i, 's' || i FROM n`,
    `${numbers(5)} INSERT INTO letter SELECT i * 10 + 40, 'x' || char(0), 's' || (i * 10 + 40) FROM n`,
    `INSERT INTO tag VALUES ('a', 'de', 1, 'fine'), ('b', 'de', 50, 'n' || char(0)), ('b', 'en', 2, 'n' || char(0)), ('c', 'en', 60, 'n' || char(0))`,
    `INSERT INTO log VALUES ('same', 1), ('bad' || char(0), 2), ('same', 1), ('bad' || char(0), 2), (NULL, 3)`,
  );
}

const mends: Readonly<Record<Mended, readonly string[]>> = {
  'every row': [
    "UPDATE letter SET body = 'mended ' || id WHERE id >= 50",
    "UPDATE tag SET note = 'mended' WHERE name <> 'a'",
    "UPDATE log SET line = 'mended' WHERE n = 2",
  ],
  // 50 and 70 can be moved; 60 is not mended, the sender of 80 and the key of 90 are taken, and tag c lacks its letter.
  'some rows': [
    "UPDATE letter SET body = 'mended ' || id WHERE id IN (50, 70, 80, 90)",
    "UPDATE tag SET note = 'mended' WHERE name <> 'a'",
    "UPDATE log SET line = 'mended' WHERE rowid = 2",
  ],
};

/** A move that has withheld rows, the hand that has mended them, and one retry of it that nobody interrupts. */
export async function retryScene(mended: Mended): Promise<RetryScene> {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  mend(source, ...mends[mended]);
  if (mended === 'some rows')
    await database.query("insert into letter (id, body, sender) values (90, 'theirs', 's0'), (1000, 'theirs', 's80')");
  const before = await rowsOf(database);
  const [copy, own] = [await freshDatabase(database), copied(list)];
  const { report } = await retried(own, copy);
  expect(report.exitCode).toBe(mended === 'every row' ? 0 : 4);
  const [after, rest] = [await rowsOf(copy), listed(own)];
  const codes = rest.map(({ code }) => code).sort();
  const kept = ['E_KEY_TAKEN', 'E_ROW_REFUSED', 'E_ROW_REFUSED', 'E_TEXT_NUL', 'E_TEXT_NUL'];
  expect(codes).toEqual(mended === 'every row' ? [] : kept);
  expect(after.length - before.length).toBe(mended === 'every row' ? 10 : 5);
  return { database, list, before, after, rest, next: await nextKey(copy, 'letter') };
}

/**
 * Kills a retry at its first, (first + stride)th, ... call, each time on tables and a list that none has touched, and repeats it.
 * Each time rows, list and next key have to be those of the retry that nobody interrupted. Gives the number of kills.
 */
export async function sweepRetry(scene: RetryScene, when: When, first: number, stride: number): Promise<number> {
  for (let at = first, kills = 0; ; at += stride) {
    const [database, list] = [await freshDatabase(scene.database), copied(scene.list)];
    const ended = await moveKilledAt(at, when, ['retry', list, '--json'], database);
    const moment = `killed ${when} call ${at}`;
    await expectAllOrNothing(scene, database, list, moment);
    if (ended.signal === 'SIGKILL') await again(list, database);
    else expect(ended.status, moment).toBe(scene.rest.length === 0 ? 0 : 4);
    expect(await rowsOf(database), moment).toEqual(scene.after);
    expect(listed(list), moment).toEqual(scene.rest);
    expect(await loadSchemas(database), moment).toEqual([]);
    expect(await nextKey(database, 'letter'), moment).toBe(scene.next);
    await database.drop();
    if (ended.signal === null) return kills;
    kills++;
  }
}

/** Without the harness's functions: a target is plain data and travels to workers. */
async function again(list: string, { query: _query, drop: _drop, ...target }: TestDatabase): Promise<void> {
  await retry({ rejects: list, target });
}

/** Either all rows that can be moved stand there or none, and the list never forgets a row that does not. */
async function expectAllOrNothing(
  scene: RetryScene,
  database: TestDatabase,
  list: string,
  moment: string,
): Promise<void> {
  const rows = await rowsOf(database);
  expect([scene.before, scene.after], moment).toContainEqual(rows);
  const isReplaced = readFileSync(list, 'utf8') !== readFileSync(scene.list, 'utf8');
  if (!isReplaced) return;
  expect(rows, moment).toEqual(scene.after);
  expect(listed(list), moment).toEqual(scene.rest);
}

function copied(list: string): string {
  const copy = join(tempFolder('list-'), 'withheld.jsonl');
  copyFileSync(list, copy);
  return copy;
}

/** Every row of every table, as PostgreSQL prints it. */
async function rowsOf(database: TestDatabase): Promise<string[]> {
  const each = tables.map((table) => `select '${table} ' || t::text as row from ${table} t`);
  const { rows } = await database.query(`${each.join(' union all ')} order by 1`);
  return rows.map(({ row }) => row as string);
}
