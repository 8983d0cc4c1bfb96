import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { sourceFile } from '../../../test/support/sources.ts';
import { openReadOnly } from './open.ts';
import { beginRead, commonSnapshot } from './snapshot.ts';

/** A live file, its writer, the one who observes it, and two readers that are to see the same. */
function live() {
  const path = sourceFile('PRAGMA journal_mode = WAL', 'CREATE TABLE t (a)', 'INSERT INTO t VALUES (1)');
  const writer = new DatabaseSync(path);
  const observer = openReadOnly(path);
  const readers = [openReadOnly(path), openReadOnly(path)];
  onTestFinished(() => [writer, observer, ...readers].forEach((db) => db.close()));
  const rows = () => readers.map((db) => Number(db.prepare('SELECT count(*) AS n FROM t').get()?.n));
  const begun: number[][] = [];
  /** Lets the readers begin one after the other, and `between` happen in the middle of it. */
  const snapshot = (between: (attempt: number) => void): Promise<void> =>
    commonSnapshot(
      path,
      observer,
      async () => {
        beginRead(path, readers[0]);
        between(begun.length + 1);
        beginRead(path, readers[1]);
        begun.push(rows());
      },
      async () => readers.forEach((db) => db.exec('ROLLBACK')),
    );
  return { path, writer, readers, rows, begun, snapshot };
}

test('readers that nobody disturbs begin once, and see their state whatever is written later', async () => {
  const { writer, rows, begun, snapshot } = live();
  await snapshot(() => undefined);
  writer.exec('INSERT INTO t VALUES (2)');
  expect([begun, rows()]).toEqual([[[1, 1]], [1, 1]]);
});

test('a commit between two readers makes all of them begin again, until there is none', async () => {
  const { writer, rows, begun, snapshot } = live();
  await snapshot((attempt) => attempt <= 2 && writer.exec('INSERT INTO t VALUES (2)'));
  // What one reader saw and the other did not is what would have been moved.
  expect(begun).toEqual([
    [1, 2],
    [2, 3],
    [3, 3],
  ]);
  expect(rows()).toEqual([3, 3]);
});

test('what is written and taken back, or not committed yet, is no other state', async () => {
  const { writer, rows, begun, snapshot } = live();
  await snapshot(() => writer.exec('BEGIN; INSERT INTO t VALUES (2); ROLLBACK; BEGIN; INSERT INTO t VALUES (3)'));
  expect([begun.length, rows()]).toEqual([1, [1, 1]]);
});

test('a file that is written at every attempt is busy, and no reader stays in its transaction', async () => {
  const { path, writer, readers, begun, snapshot } = live();
  await expect(snapshot(() => writer.exec('INSERT INTO t VALUES (2)'))).rejects.toMatchObject({
    code: 'E_SOURCE_BUSY',
    message: expect.stringMatching(/50 attempts.*Nothing was moved.*--jobs 1, or stop the writer/) as string,
    facts: { path },
  });
  expect(begun).toHaveLength(50);
  expect(begun.every(([before = 0, after = 0]) => after === before + 1)).toBe(true);
  expect(readers.map((db) => db.isTransaction)).toEqual([false, false]);
});
