import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { themes } from './index.ts';
import { roundTrip } from './round-trip.ts';

/** Of the inputs of `round-trip.real.test.ts` those whose way back is hardest. */
const hardest = [
  "COPY's own signs: backslashes, \\N, \\., tabs, line ends, quotes, commas",
  'an infinity in a DECIMAL column of exact integers',
  'defaults: words of SQLite that mean time, constants, quotes, SQL text as a value',
];

test.each(hardest)('%s comes back from SQLite as it was, or the report names what does not', async (name) => {
  const nasty = Object.values(themes)
    .flat()
    .find((each) => each.name === name);
  if (nasty === undefined) throw new Error(`there is no input ${name}`);
  expect(await roundTrip(nasty, tempFolder())).toEqual([]);
});
