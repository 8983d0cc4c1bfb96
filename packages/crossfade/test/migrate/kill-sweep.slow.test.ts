import { expect, test } from 'vitest';
import { journeys } from '../support/migration-journeys.ts';
import { sweepMigrations } from '../support/migration-sweep.ts';

/** kill-sweep.real.test.ts takes every call. Which of them a file is in the middle of depends on how often its lease was renewed. */
const stride = 12;

test.each(['swallow', 'drop reply'] as const)(
  'killed at every twelfth call (%s), the service comes up after a restart, or after the command that the restart prints',
  { timeout: 1_200_000 },
  async (fate) => {
    const { restarted, undone } = await sweepMigrations(journeys.repeatable, fate, stride);
    expect(restarted).toBeGreaterThan(0);
    expect(undone).toBeGreaterThan(0);
  },
);

test('a redo that was killed where no statement can be run twice ends right after either of the two ways that it prints', {
  timeout: 1_200_000,
}, async () => {
  const { undone, completed } = await sweepMigrations(journeys.redo, 'drop reply', 2 * stride);
  expect(undone + completed).toBeGreaterThan(0);
});
