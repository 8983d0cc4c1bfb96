import { describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { themes } from './index.ts';
import { storeRoundTrip } from './round-trip.ts';

describe.each(Object.entries(themes))('%s', (_, cases) => {
  const moved = cases.filter(({ expect: { exit, rows } }) => exit === 0 && rows > 0);
  test.each(moved.flatMap((nasty) => (['json', 'files'] as const).map((kind) => [nasty.name, kind, nasty] as const)))(
    '%s comes back from %s as it was, or is refused by name',
    { timeout: 300_000 },
    async (_name, kind, nasty) => {
      expect(await storeRoundTrip(nasty, kind, tempFolder())).toEqual([]);
    },
  );
});
