import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Json, JsonWalker } from './json.ts';

const walker = new JsonWalker(1000);
const inspect = (text: string) => walker.inspect(Buffer.from(text), 0, Buffer.byteLength(text));

describe('the JSON walker', () => {
  test.each([
    ['{}', Json.container],
    ['[1, 2, {"x": []}]', Json.container],
    [' \n[1] ', Json.container],
    ['"word"', Json.scalar],
    ['12', Json.scalar],
    ['{"a":1,"a":2}', Json.container | Json.duplicateKey],
    ['{"a":1,"\\u0061":2}', Json.container | Json.duplicateKey],
    ['[{"a":1},{"a":1}]', Json.container],
    ['{"a":{"b":1,"b":2}}', Json.container | Json.duplicateKey],
    [`{${Array.from({ length: 40 }, (_, i) => `"k${i}":0`).join()},"k7":1}`, Json.container | Json.duplicateKey],
    ['["\\u0000"]', Json.container | Json.nulEscape],
    ['["\\ud800"]', Json.container | Json.loneSurrogate],
    ['["\\ud800\\u0041"]', Json.container | Json.loneSurrogate],
    ['["\\udc00\\ud800"]', Json.container | Json.loneSurrogate],
    ['["\\ud83d\\ude00"]', Json.container],
    ['[1e400]', Json.container | Json.number],
    ['[1e-400]', Json.container | Json.number],
    ['[-0]', Json.container | Json.number],
    ['[-0.0e5]', Json.container | Json.number],
    ['[0.0, 0e9, -1.5]', Json.container],
    ['[12345678901234567890123]', Json.container],
    ['['.repeat(1001) + ']'.repeat(1001), Json.container | Json.deep],
    ['['.repeat(1000) + ']'.repeat(1000), Json.container],
  ])('sees what %s is', (text, flags) => {
    expect(inspect(text)).toBe(flags);
  });

  test('takes exactly the texts that JSON.parse takes', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '\\u00e9',
      '1',
      '-',
      '.5',
      'e3',
      '0',
      'true',
      'nul',
      'null',
      ' ',
      '\t',
      '\u0001',
      'é',
    );
    const nearly = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          nearly,
          fc.json(),
          fc.json().map((text) => text.slice(0, -1)),
        ),
        (text) => {
          expect(inspect(text) !== Json.no).toBe(parses(text));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('reads a document in the midst of a buffer', () => {
    const buf = Buffer.from('x{"a":1}{"a":1');
    expect(walker.inspect(buf, 1, 8)).toBe(Json.container);
    expect(walker.inspect(buf, 8, 14)).toBe(Json.no);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
