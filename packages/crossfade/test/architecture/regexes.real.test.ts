import { expect, test } from 'vitest';
import { regexFindings } from './regexes.ts';
import { checkout } from './sources.ts';

/** In `npm run check` and `npm run test:real`; it takes seconds. */
test('no regex of the product takes longer than its input’s length demands', () => {
  expect(regexFindings(checkout()).map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
});

const findings = (text: string): string[] =>
  regexFindings(new Map([['scripts/a.ts', text]]), {}).map(({ what }) => what.split(/ time|:/)[0]);

test.each([
  ['a star within a star', String.raw`const a = /;(?:[^\S\n]|--[^\n]*)*\n/g;`, 'exponential'],
  ['two stars for one letter', String.raw`const a = /^(\d+\.?\d*)$/;`, 'quadratic'],
  ['a star that begins anywhere', String.raw`const a = /0+$/;`, 'quadratic'],
  [
    'one made of constants',
    "const b = /x*/; const c = 'y*'; const a = new RegExp(`^(?:${b.source}|${c})*$`);",
    'exponential',
  ],
  ['one made of anything', 'const a = (b) => new RegExp(`^${b}`);', 'cannot be looked into'],
])('it objects: %s', (_, text, expected) => expect(findings(text)).toEqual([expected]));

test('and to nothing else, nor does an excuse outlive its reason', () => {
  expect(findings(String.raw`const a = [/(?<!0)0+$/, /^(\d+(?:\.\d*)?)$/, /^[a-z]+ "(?:[^"]|"")*"$/];`)).toEqual([]);
  const excused = { 'scripts/a.ts': 'short' };
  expect(regexFindings(new Map([['scripts/a.ts', 'const a = /^a+$/;']]), excused)).toHaveLength(1);
  expect(regexFindings(new Map([['scripts/a.ts', 'const a = /a+$/;']]), excused)).toEqual([]);
  const [found] = regexFindings(new Map([['scripts/a.ts', 'const a = /^(a+)+$/;']]), excused);
  expect(found.what).toMatch(/^exponential/);
});
