import { describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { themes } from './index.ts';
import { roundTrip } from './round-trip.ts';

/** A schema that stood there before is not one that a move makes: its whole-number key need not count by itself. */
const ours = Object.entries(themes)
  .map(([theme, cases]) => [theme, cases.filter(({ before }) => before === undefined)] as const)
  .map(([theme, cases]) => [theme, cases.filter(({ expect: { exit, rows } }) => exit === 0 && rows > 0)] as const)
  .filter(([, moved]) => moved.length > 0);

describe.each(ours)('%s', (_, moved) => {
  test.each(moved.map((nasty) => [nasty.name, nasty] as const))(
    '%s comes back from SQLite as it was, or the report names what does not',
    { timeout: 300_000 },
    async (_name, nasty) => {
      expect(await roundTrip(nasty, tempFolder())).toEqual([]);
    },
  );
});
