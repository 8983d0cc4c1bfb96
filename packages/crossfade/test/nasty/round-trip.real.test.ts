import { describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { themes } from './index.ts';
import { roundTrip } from './round-trip.ts';

describe.each(Object.entries(themes))('%s', (_, cases) => {
  const moved = cases.filter(({ expect: { exit, rows } }) => exit === 0 && rows > 0);
  test.each(moved.map((nasty) => [nasty.name, nasty] as const))(
    '%s comes back from SQLite as it was, or the report names what does not',
    { timeout: 300_000 },
    async (_name, nasty) => {
      expect(await roundTrip(nasty, tempFolder())).toEqual([]);
    },
  );
});
