/**
 * Of cases that are alike, those that `npm test` has time for: every so many-th, the first among them. `npm run
 * test:real` takes all of them.
 */
export function sampled<T>(cases: readonly T[], every: number): readonly T[] {
  return process.env.CROSSFADE_TEST_ALL === '1' ? cases : cases.filter((_, i) => i % every === 0);
}
