import { expect, test } from 'vitest';
import { sweepMigrations } from '../support/migration-sweep.ts';

test.each(['swallow', 'drop reply'] as const)(
  'killed at any call (%s), the service comes up after a restart, or after the command that the restart prints',
  { timeout: 1_200_000 },
  async (fate) => {
    const { restarted, repaired } = await sweepMigrations(fate, 1);
    expect(restarted).toBeGreaterThan(10);
    expect(repaired).toBeGreaterThan(3);
  },
);
