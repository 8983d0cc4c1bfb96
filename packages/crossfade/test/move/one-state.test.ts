import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { move } from '../../src/move/move.ts';
import type { Progress } from '../../src/move/options.ts';
import { verify } from '../../src/move/verify.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { numbers, sourceFile } from '../support/sources.ts';

/** A live file of which 600 rows say the same; every commit makes all of them say something else, and adds one to `log`. */
function live(): { source: string; write: () => void } {
  const source = sourceFile(
    'PRAGMA journal_mode = WAL',
    'CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER)',
    'CREATE TABLE log (n INTEGER)',
    `${numbers(600)} INSERT INTO a SELECT i, 0 FROM n`,
  );
  const writer = new DatabaseSync(source);
  onTestFinished(() => writer.close());
  const write = (): void => writer.exec('BEGIN; UPDATE a SET n = n + 1; INSERT INTO log VALUES (1); COMMIT');
  write();
  return { source, write };
}

/** Lets `write` happen right after a reader of this thread has begun, so many times, before the other threads begin. */
function disturb(write: () => void, times: number): { begun: () => number } {
  const exec = DatabaseSync.prototype.exec;
  const begun: DatabaseSync[] = [];
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    exec.call(this, sql);
    if (sql !== 'BEGIN') return;
    begun.push(this);
    const again = begun.filter((reader) => reader === this).length;
    // The one who inspects the file has begun first, on a connection of its own.
    if (begun.length > 1 && again <= times) write();
  });
  onTestFinished(() => spy.mockRestore());
  return { begun: () => begun.filter((reader) => reader === begun.at(-1)).length };
}

test('a commit between the readers makes them begin again; load and verification then see that one state, whatever is written', async () => {
  const { source, write } = live();
  const { query, drop: _drop, ...target } = await freshDatabase();
  const { begun } = disturb(write, 2);
  const phases = new Set<Progress['phase']>();
  const onProgress = ({ phase }: Progress): void => {
    // Commits in every phase: what is read after one is still what was read before it.
    if (!phases.has(phase)) write();
    phases.add(phase);
  };
  const report = await move({ source, target, jobs: 2, onProgress });
  expect(begun()).toBe(3);
  expect([...phases]).toEqual(expect.arrayContaining(['profile', 'load', 'verify']));
  expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, rows: 603 });
  const { rows } = await query('select n, count(*)::int, (select count(*)::int from log) as log from a group by n');
  // Three commits before the last beginning, and none of those that came later.
  expect(rows).toEqual([{ n: 3, count: 600, log: 3 }]);
  const db = new DatabaseSync(source, { readOnly: true });
  expect(Number(db.prepare('SELECT count(*) AS n FROM log').get()?.n)).toBeGreaterThanOrEqual(6);
  db.close();
});

test('verify alone reads one state as well, and tells it from the one that was moved', async () => {
  const { source, write } = live();
  const { query: _query, drop: _drop, ...target } = await freshDatabase();
  expect((await move({ source, target, jobs: 2 })).verdict).toBe('equal');
  const { begun } = disturb(write, 1);
  const verified = await verify({ source, target, jobs: 2 });
  expect(begun()).toBe(2);
  const differing = verified.tables.map(({ source: table, different }) => [table, different]);
  expect([verified.verdict, verified.exitCode, Object.fromEntries(differing)]).toEqual([
    'different',
    1,
    { a: 600, log: 1 },
  ]);
});
