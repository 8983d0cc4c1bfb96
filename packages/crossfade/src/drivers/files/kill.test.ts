import { expect, test } from 'vitest';
import { killsOr } from '../../../test/harness/kills.ts';
import { killWriters } from '../../../test/support/files-kills.ts';

const kills = killsOr(50);

test(`a writing process that is killed ${kills} times loses nothing acknowledged, leaves nothing torn, and has noted all it wrote`, {
  timeout: kills * 30_000,
}, async () => {
  const { done, inFlight } = await killWriters(kills);
  expect(done).toBeGreaterThan(kills);
  expect(inFlight).toBeGreaterThan(0);
});
