import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attempt, tokenize } from './tokens.ts';

const shown = (sql: string) =>
  tokenize(sql)
    .slice(0, -1)
    .map(({ kind, text }) => `${kind}:${text}`);

test.each<[string, string[]]>([
  ['"a""b" [c"d] `e``f` \'g\'\'h\'', ['name:a"b', 'name:c"d', 'name:e`f', "string:g'h"]],
  ['a -- b\nc /* d */ e /**/ f /* open', ['word:a', 'word:c', 'word:e', 'word:f']],
  ['0xFf 1_000 .5 5. 1e-3 1_0.2_5', ['integer:0xFf', 'integer:1000', 'real:.5', 'real:5.', 'real:1e-3', 'real:10.25']],
  ["x'0aFF' X''", ['blob:0aff', 'blob:']],
  ['größe _x$1 日本 😀', ['word:größe', 'word:_x$1', 'word:日本', 'word:😀']],
  [
    '->>->||<<>>==<>!=<=>=-',
    ['op:->>', 'op:->', 'op:||', 'op:<<', 'op:>>', 'op:==', 'op:<>', 'op:!=', 'op:<=', 'op:>=', 'op:-'],
  ],
  ['\uFEFF a', ['word:a']],
])('%s is read token by token', (sql, expected) => {
  expect(shown(sql)).toEqual(expected);
});

test.each([
  ["'a", 'not closed', 0],
  ['a "b', 'not closed', 2],
  ['[a', 'not closed', 0],
  ['a ?', 'parameter', 2],
  [':a', 'parameter', 0],
  ['@a', 'parameter', 0],
  ['$a', 'parameter', 0],
  ["x'0'", 'odd', 0],
  ["x'0g'", 'hexadecimal', 0],
  ['1a', 'word', 0],
  ['1_', 'word', 0],
  ['0x', 'word', 0],
  ['a\0', 'character', 1],
  ['{', 'character', 0],
])('%s is refused with its place', (sql, why, at) => {
  const result = attempt(() => tokenize(sql));
  expect(result).toEqual({ ok: false, why: expect.stringContaining(why), at });
});

test('the tokens of any text lie in order, apart, and within it', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...`'"[]\`/*-x0_1aé.( \n`) })),
      (sql) => {
        const result = attempt(() => tokenize(sql));
        if (!result.ok) {
          expect(result.at).toBeLessThanOrEqual(sql.length);
          return;
        }
        let end = 0;
        for (const token of result.value) {
          expect(token.start).toBeGreaterThanOrEqual(end);
          end = token.end;
        }
        expect(end).toBe(sql.length);
      },
    ),
    { numRuns: 5_000 },
  );
});
