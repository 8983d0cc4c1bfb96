import { expect, test } from 'vitest';
import type { When } from '../support/moves.ts';
import { retryScene, sweepRetry } from '../support/retry-sweep.ts';

const whens: readonly When[] = ['before', 'after'];
const minutes = 60_000;

test.each([
  ['every row', 1],
  ['some rows', 5],
] as const)(
  'with %s mended, a retry killed -9 at every call, or every fifth, is ended by one more (%i)',
  { timeout: 30 * minutes },
  async (mended, stride) => {
    const scene = await retryScene(mended);
    const kills = await Promise.all(whens.map((when) => sweepRetry(scene, when, 1, stride)));
    process.stdout.write(
      `killed retries at ${kills.join(' and ')} calls, with ${mended} mended; one more ended each\n`,
    );
    expect(Math.min(...kills)).toBeGreaterThan(40 / stride);
  },
);
