import { expect, test } from 'vitest';
import { killsOr, roundsOf } from '../../../test/harness/kills.ts';
import { killWriters } from '../../../test/support/files-kills.ts';

const kills = killsOr(50);

test(`a writing process that is killed ${kills} times loses nothing acknowledged, leaves nothing torn, and has noted all it wrote`, {
  timeout: kills * 30_000,
}, async () => {
  for (const round of roundsOf(kills)) {
    const { done, inFlight } = await killWriters(round);
    expect(done).toBeGreaterThan(round);
    expect(inFlight).toBeGreaterThan(0);
  }
});
