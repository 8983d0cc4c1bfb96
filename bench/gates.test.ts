import { expect, test } from 'vitest';
import { gate, gates } from './gates.ts';

const run = (loadSeconds: number, wholeSeconds: number, peakMb: number) => ({
  loadSeconds,
  wholeSeconds,
  peakMb,
  rows: 1,
});

test('a move that is slower than a gate allows fails that gate and no other', () => {
  const medians = { crossfade: run(2.6, 7.0, 200), pgloader: run(10, 10, 500), 'psql \\copy': run(5, 5, 10) };
  expect(gates(medians, 0).map(({ value, passed }) => [value, passed])).toEqual([
    [0.26, true],
    [0.52, true],
    [0.7, false],
    [200, true],
  ]);
});

test('four times the largest value is allowed on top of 256 MB, and not a byte more', () => {
  const limit = 256 + 40;
  expect(gates({ crossfade: run(1, 1, limit) }, 10 * 2 ** 20).map(({ passed }) => passed)).toEqual([true]);
  expect(gates({ crossfade: run(1, 1, limit + 0.1) }, 10 * 2 ** 20).map(({ passed }) => passed)).toEqual([false]);
});

test('a peer that did not run makes no gate', () => {
  expect(gates({ crossfade: run(1, 1, 1), pgloader: run(10, 10, 1) }, 0)).toHaveLength(3);
  expect(gates({ pgloader: run(10, 10, 1) }, 0)).toEqual([]);
});

test('a gate keeps what is at its limit, and nothing above it or without a figure', () => {
  expect([0, 30, 30.1, Number.NaN].map((value) => gate('ms', value, 30).passed)).toEqual([true, true, false, false]);
});
