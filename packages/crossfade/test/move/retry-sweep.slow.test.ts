import { expect, test } from 'vitest';
import { retryScene, sweepRetry } from '../support/retry-sweep.ts';

/** retry-sweep.real.test.ts takes every call. */
const stride = 40;

test('a retry that was killed -9 is ended by the next one, as if nothing had happened', async () => {
  const scene = await retryScene('some rows');
  const kills = await Promise.all([sweepRetry(scene, 'before', 20, stride), sweepRetry(scene, 'after', 40, stride)]);
  process.stdout.write(`killed ${kills[0] + kills[1]} retries; each was ended by the next one\n`);
  expect(Math.min(...kills)).toBeGreaterThan(1);
});
