import { expect, test } from 'vitest';
import { refusal } from '../../test/harness/connections.ts';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { withLockTries } from './transactional.ts';

const patience = { lockTimeoutMs: 1, lockTries: 3, runWaitMs: 1, leaseMs: 1 };

test.each([
  [0, [0.05, 0.1]],
  [0.9, [0.095, 0.19]],
])('the pauses between tries for a lock are drawn: with %d they are %j s', async (drawn, seconds) => {
  expect([limits.migrationPauseMs, limits.migrationLockTries]).toEqual([100, 40]);
  const notes: string[] = [];
  let [tries, draws] = [0, 0];
  const taken = (): Promise<never> => {
    tries++;
    return Promise.reject(new CrossfadeError('E_MIGRATION_FAILED', 'taken', { sqlstate: '55P03' }));
  };
  const context = { patience, note: (line: string) => notes.push(line), signal: undefined };
  const error = await refusal(
    withLockTries(context, taken, () => {
      draws++;
      return drawn;
    }),
  );
  expect([error.code, tries, draws]).toEqual(['E_MIGRATION_BUSY', 3, 2]);
  expect(notes.map((line) => / the next in (\d\.\d) s\.$/.exec(line)?.[1])).toEqual(
    seconds.map((each) => each.toFixed(1)),
  );
});
