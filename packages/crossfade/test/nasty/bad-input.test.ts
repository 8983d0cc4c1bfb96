import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { themes } from './index.ts';

const page = readFileSync(new URL('../../../../docs/reference/bad-input.md', import.meta.url), 'utf8');
const names = Object.values(themes).flatMap((cases) => cases.map(({ name }) => name));
/** What the last cell of each line of a table names. */
const lines = page
  .split('\n')
  .filter((line) => /^\| (?!input \|)/.test(line))
  .map((line) => [line, line.split(' | ').at(-1) as string]);

test('every line of the page of bad input is shown by tests that are there', () => {
  expect(lines.length).toBeGreaterThan(45);
  for (const [line, shown = ''] of lines) {
    const begins = [...shown.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text);
    const paths = [...shown.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    expect(begins.length + paths.length, line).toBeGreaterThan(0);
    expect(
      begins.filter((text) => !names.some((name) => name.startsWith(text))),
      line,
    ).toEqual([]);
    expect(
      paths.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url))),
      line,
    ).toEqual([]);
  }
});
