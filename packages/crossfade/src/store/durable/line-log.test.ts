import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { forbidWriting } from '../../../test/support/forbid-writing.ts';
import { LineLog } from './line-log.ts';

/** A log of numbers; what it has come to is the list of them, which the test may shorten. */
async function numbers(dir: string): Promise<{ log: LineLog<number>; state: number[] }> {
  const state: number[] = [];
  const log = new LineLog<number>({ dir, name: '.numbers', state: () => state });
  onTestFinished(() => log.close());
  state.push(...(await log.read()));
  return { log, state };
}

async function append({ log, state }: { log: LineLog<number>; state: number[] }, ...more: number[]): Promise<void> {
  state.push(...more);
  await log.append(...more);
}

test('what was appended is read by the next one, in order, also when it was asked for at once', async () => {
  const dir = tempFolder('lines-');
  const first = await numbers(dir);
  expect(existsSync(join(dir, '.numbers'))).toBe(false);
  await append(first, 1);
  await Promise.all([2, 3, 4, 5].map((n) => append(first, n)));
  await append(first, 6, 7);
  const second = await numbers(dir);
  expect(second.state).toEqual([1, 2, 3, 4, 5, 6, 7]);
  await append(second, 8);
  expect((await numbers(dir)).state).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('what is asked for while another fsync is under way goes into one line', async () => {
  const dir = tempFolder('lines-');
  const log = await numbers(dir);
  await append(log, 0);
  await Promise.all(Array.from({ length: 100 }, (_, i) => append(log, i + 1)));
  const lines = readFileSync(join(dir, '.numbers'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThan(10);
  expect((await numbers(dir)).state).toEqual(Array.from({ length: 101 }, (_, i) => i));
});

test('a last line that is torn anywhere was never there, and nothing is appended to it', async () => {
  const dir = tempFolder('lines-');
  const log = await numbers(dir);
  await append(log, 1);
  await append(log, 2);
  await append(log, 1234567);
  await log.log.close();
  const path = join(dir, '.numbers');
  const whole = readFileSync(path);
  const lastLine = whole.lastIndexOf('[');
  for (let end = lastLine; end < whole.length; end++) {
    for (const rest of ['', '\0\0\0']) {
      if (rest !== '' && end >= whole.length - 2) continue;
      writeFileSync(path, Buffer.concat([whole.subarray(0, end), Buffer.from(rest)]));
      const again = await numbers(dir);
      // Only the end of the line may be missing where all of the operation is there.
      expect(again.state).toEqual(end === whole.length - 1 ? [1, 2, 1234567] : [1, 2]);
      await append(again, 3);
      await again.log.close();
      expect((await numbers(dir)).state.at(-1)).toBe(3);
    }
  }
});

test('any other line that is no operation is damage, and the file is left as it is', async () => {
  const dir = tempFolder('lines-');
  const log = await numbers(dir);
  for (const n of [1, 2, 3]) await append(log, n);
  const path = join(dir, '.numbers');
  const whole = readFileSync(path, 'utf8');
  for (const bad of [whole.replace('[2]', '[2'), whole.replace('version', 'Version'), '', 'x']) {
    writeFileSync(path, bad);
    await expect(numbers(dir)).rejects.toMatchObject({ code: 'E_STORE_DAMAGED', facts: { files: ['.numbers'] } });
    expect(readFileSync(path, 'utf8')).toBe(bad);
  }
});

test('the file does not grow beyond what it has come to, however much was appended', async () => {
  const dir = tempFolder('lines-');
  const { log, state } = await numbers(dir);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 700; i++) {
      state.push(i);
      await log.append(i);
      state.length = 0;
    }
  }
  state.push(7);
  await log.append(7);
  expect(statSync(join(dir, '.numbers')).size).toBeLessThan(1_100 * '[699]\n'.length);
});

test('an operation that the disk refuses is refused, and the next one writes the file anew', async () => {
  const dir = tempFolder('lines-');
  const log = await numbers(dir);
  await append(log, 1);
  await log.log.close();
  const again = await numbers(dir);
  const allow = forbidWriting([dir]);
  await expect(append(again, 2)).rejects.toMatchObject({
    code: 'E_STORE_FAILED',
    facts: { file: '.numbers', reason: 'EACCES' },
  });
  allow();
  again.state.pop();
  await append(again, 3);
  expect((await numbers(dir)).state).toEqual([1, 3]);
});

test('a log that was closed takes no more, and leaves the file to whoever reads it next', async () => {
  const dir = tempFolder('lines-');
  const first = await numbers(dir);
  await append(first, 1);
  await first.log.close();
  const second = await numbers(dir);
  await append(second, 2);
  for (const late of [() => first.log.append(9), () => first.log.rewrite()])
    await expect(late()).rejects.toMatchObject({ code: 'E_STORE_CLOSED', facts: { file: '.numbers' } });
  expect((await numbers(dir)).state).toEqual([1, 2]);
  expect(await first.log.read()).toEqual([1, 2]);
  await append({ ...first, state: second.state }, 3);
});
