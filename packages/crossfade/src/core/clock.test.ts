import { expect, test } from 'vitest';
import { processClock } from './clock.ts';

/** Timers that keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('a process stays alive for what waits, and not for what idles; an abort ends both', async () => {
  const given = new AbortController();
  const before = timers();
  const idle = processClock.idle(60_000, given.signal);
  expect(timers()).toBe(before);
  const wait = processClock.wait(60_000, given.signal);
  expect(timers()).toBe(before + 1);
  given.abort();
  await Promise.all([idle, wait]);
  expect(timers()).toBe(before);
  await processClock.wait(60_000, given.signal);
});
