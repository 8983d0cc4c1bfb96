import { afterAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { themes } from './index.ts';
import { outcome, page } from './line.ts';
import { runCase } from './run.ts';

let asSpecified = 0;
let silent = 0;

describe.each(Object.entries(themes))('%s', (_, cases) => {
  test.each(cases.map((nasty) => [nasty.name, nasty] as const))('%s', { timeout: 120_000 }, async (_name, nasty) => {
    // Without the harness's functions: a target is plain data and travels to workers.
    const { query: _query, drop: _drop, ...target } = await freshDatabase();
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
