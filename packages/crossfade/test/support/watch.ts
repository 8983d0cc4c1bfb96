import { CrossfadeError } from '../../src/core/errors.ts';

/** What an answer has come to by now: its value, the code of its error, or `waiting`. */
export function watch<T>(answer: T | Promise<T>): { what: unknown } {
  const seen: { what: unknown } = { what: 'waiting' };
  Promise.resolve(answer).then(
    (value) => (seen.what = value),
    (error: unknown) => (seen.what = error instanceof CrossfadeError ? error.code : error),
  );
  return seen;
}
