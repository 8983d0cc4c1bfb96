/** Whether every case is wanted, as `npm run test:real` does. */
export const takesAll = process.env.CROSSFADE_TEST_ALL === '1';

/**
 * Of cases that are alike, those that `npm test` has time for: every so many-th, the first among them. `npm run
 * test:real` takes all of them.
 */
export function sampled<T>(cases: readonly T[], every: number): readonly T[] {
  return takesAll ? cases : cases.filter((_, i) => i % every === 0);
}

/** The same of things that are generated or repeated, of which only the number matters. */
export function sampledCount(count: number, every: number): number {
  return takesAll ? count : Math.ceil(count / every);
}
