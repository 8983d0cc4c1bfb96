import { expect, test } from 'vitest';
import { killWriters } from '../../../test/support/files-kills.ts';

test('a writing process that is killed 50 times loses nothing acknowledged, leaves nothing torn, and has noted all it wrote', async () => {
  const { done, inFlight } = await killWriters(50);
  expect(done).toBeGreaterThan(50);
  expect(inFlight).toBeGreaterThan(0);
}, 600_000);
