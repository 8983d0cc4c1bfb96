import { expect, test } from 'vitest';
import { ident, literal } from './sql-text.ts';

test('a name is quoted whatever it holds', () => {
  expect(ident('x"; drop table y; --')).toBe('"x""; drop table y; --"');
  expect(ident('Größe €')).toBe('"Größe €"');
});

test('a string means the same under either setting of standard_conforming_strings', () => {
  expect(literal("it's")).toBe("'it''s'");
  expect(literal("\\' or 1=1 --")).toBe(" E'\\\\'' or 1=1 --'");
});

test.each([
  ['nothing', ''],
  ['NUL', 'a\0b'],
  ['a lone surrogate', 'a\ud800b'],
])('a name of %s is refused rather than changed', (_, name) => {
  expect(() => ident(name)).toThrow(TypeError);
});

test('a string with NUL or a lone surrogate is refused rather than changed', () => {
  expect(() => literal('a\0b')).toThrow(TypeError);
  expect(() => literal('\udc00')).toThrow(TypeError);
  expect(literal('')).toBe("''");
});
