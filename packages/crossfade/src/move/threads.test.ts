import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { given } from '../core/given.ts';
import { numbers, sourceFile } from '../../test/support/sources.ts';
import { withSource } from './with-source.ts';
import { defaultJobs, dismissRest, hire, noThreadBytes, startAhead } from './threads.ts';

afterEach(dismissRest);

/** A file of so many bytes, all of them zero. */
function fileOf(bytes: number): string {
  const path = join(tempFolder('threads-'), 'source');
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

test('threads that were started ahead are the ones that are hired, and then new ones are', async () => {
  startAhead(fileOf(noThreadBytes));
  const hired = Array.from({ length: defaultJobs() + 1 }, hire);
  expect(new Set(hired).size).toBe(defaultJobs() + 1);
  // Nothing is left to be dismissed, so all of them still stand.
  await dismissRest();
  expect(hired.every(({ threadId }) => threadId > 0)).toBe(true);
  await Promise.all(hired.map((worker) => worker.terminate()));
});

test.each([
  ['a small file', () => fileOf(noThreadBytes - 1)],
  ['no file at all', () => join(tempFolder('threads-'), 'nowhere')],
  ['a word that no file can be called', () => 'x'.repeat(300)],
])('%s starts nothing', async (_, path) => {
  const before = hire();
  startAhead(path());
  const after = hire();
  // Made in this moment, and not one that was started in between.
  expect(after.threadId).toBe(before.threadId + 1);
  await Promise.all([before, after].map((worker) => worker.terminate()));
});

test('without --jobs there are as many threads as cores, up to what memory is enough for', async () => {
  expect([1, 2, 3, 4, 5, 64].map((cores) => defaultJobs(cores))).toEqual([1, 2, 3, 4, 4, 4]);
  expect(defaultJobs()).toBe(Math.min(availableParallelism(), 4));
  const source = sourceFile('CREATE TABLE t (a)', `${numbers(30)} INSERT INTO t SELECT zeroblob(100000) FROM n`);
  const sizes = [undefined, 3].map((jobs) =>
    withSource({ source, ...given('jobs', jobs) }, null, ({ pool }) => pool.size),
  );
  expect(await Promise.all(sizes)).toEqual([defaultJobs(), 3]);
});
