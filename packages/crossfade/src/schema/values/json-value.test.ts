import { describe, expect, test } from 'vitest';
import { JsonFault, parseJson, printJson } from './json-value.ts';

describe('JSON with every digit', () => {
  test.each(['{"n":9007199254740993}', '[12345678901234567890123456789,1,-2.5]', '{"a":{"b":[null,true,"x"]}}'])(
    '%s is printed as it was read',
    (text) => expect(printJson(parseJson(text))).toBe(text),
  );

  test('a fraction that a double does not hold is refused, not rounded', () => {
    expect(() => parseJson('[0.1000000000000000055511151231257827]')).toThrow(JsonFault);
    expect(parseJson('[0.10, 1.0, -0]')).toEqual([0.1, 1, 0]);
  });
});
