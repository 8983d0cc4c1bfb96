import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
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
