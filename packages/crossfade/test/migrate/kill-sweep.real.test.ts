import { expect, test } from 'vitest';
import { journeys } from '../support/migration-journeys.ts';
import { sweepMigrations } from '../support/migration-sweep.ts';

const fates = ['swallow', 'drop reply'] as const;

test.each(fates)(
  'killed at any call (%s), the service comes up after a restart, or after the command that the restart prints',
  { timeout: 1_200_000 },
  async (fate) => {
    const { restarted, undone } = await sweepMigrations(journeys.repeatable, fate, 1);
    expect(restarted).toBeGreaterThan(10);
    expect(undone).toBeGreaterThan(3);
  },
);

const names = ['up', 'down', 'goto', 'redo'] as const;

test.each(names.flatMap((name) => fates.map((fate) => [name, fate] as const)))(
  '%s of files that cannot be run twice, killed at any call (%s): dirty, refused with two ways out, and right after either',
  { timeout: 1_200_000 },
  async (name, fate) => {
    const { restarted, undone, completed } = await sweepMigrations(journeys[name], fate, 1);
    expect(restarted).toBeGreaterThan(5);
    expect(undone).toBeGreaterThan(3);
    expect(completed).toBeGreaterThan(3);
  },
);
