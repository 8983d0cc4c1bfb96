import { afterAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { databaseOfFile, freshDatabase } from '../harness/postgres.ts';
import type { NastyCase } from './case.ts';
import { themes } from './index.ts';
import { outcome, page } from './line.ts';
import { runCase } from './run.ts';

let asSpecified = 0;
let silent = 0;

const shared = databaseOfFile();

/** A run that publishes nothing, which is what is looked at, leaves the database to the next one as it was. */
function leavesNothing({ expect: { exit }, before }: NastyCase): boolean {
  return before === undefined && (exit === 1 || exit === 3);
}

describe.each(Object.entries(themes))('%s', (_, cases) => {
  test.each(cases.map((nasty) => [nasty.name, nasty] as const))('%s', { timeout: 120_000 }, async (_name, nasty) => {
    // Without the harness's functions: a target is plain data and travels to workers.
    const { query: _query, drop: _drop, ...target } = leavesNothing(nasty) ? shared() : await freshDatabase();
    const came = await runCase(nasty, target, tempFolder());
    if (came.silent) silent += 1;
    if (came.differences.length === 0) asSpecified += 1;
    expect(came.differences, `expected  ${outcome(nasty.expect)}\ncame      ${came.summary}`).toEqual([]);
  });
});

afterAll(() => {
  process.stdout.write(`\n${asSpecified} inputs as specified, ${silent} silent\n`);
});

describe('the reference page', () => {
  test('names every input once and says what these cases say', async () => {
    const names = Object.values(themes).flatMap((cases) => cases.map((nasty) => nasty.name));
    expect(new Set(names).size).toBe(names.length);
    await expect(page()).toMatchFileSnapshot('../../../../docs/reference/nasty-inputs.md');
  });
});
