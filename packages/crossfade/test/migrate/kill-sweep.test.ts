import { expect, test } from 'vitest';
import { sweepMigrations } from '../support/migration-sweep.ts';

/** kill-sweep.real.test.ts takes every call. */
const stride = 12;

test.each(['swallow', 'drop reply'] as const)(
  'killed at every twelfth call (%s), the service comes up after a restart, or after the command that the restart prints',
  { timeout: 1_200_000 },
  async (fate) => {
    const { restarted, repaired } = await sweepMigrations(fate, stride);
    expect(restarted).toBeGreaterThan(2);
    expect(repaired).toBeGreaterThan(0);
  },
);
