import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentName, fieldName, folderName } from './file-name.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('a', 'A', '.', '^', '%', '=', ',', '/', '2', 'e', '\u00e9', 'e\u0301', ' ') }),
);

describe('names of files', () => {
  test.each([
    ['alice', ['alice']],
    ['alice@example.com', ['alice@example.com']],
    ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
    ['^alice,7,-3,true', ['Alice', 7, -3n, true]],
    ['%', ['']],
    ['%,%', ['', '']],
    ['%2e', ['.']],
    ['%2e%2e', ['..']],
    ['%2e.%2f..%2fetc%2fpasswd', ['../../etc/passwd']],
    ['%2ehidden', ['.hidden']],
    ['%63on', ['con']],
    ['%6eul.txt', ['nul.txt']],
    ['console', ['console']],
    ['a%2cb', ['a,b']],
    ['%c3%a9', ['\u00e9']],
    ['e%cc%81', ['e\u0301']],
    ['2026-03-01^t09%3a30%3a00.000001^z', ['2026-03-01T09:30:00.000001Z']],
  ] as const)('the name %s', (name, key) => expect(documentName(key)).toBe(name));

  test('different keys have different names where case and forms of Unicode are one', () => {
    const folded = (name: string): string => name.toLowerCase().normalize('NFKC');
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 2, maxLength: 2 }),
        fc.array(text, { minLength: 2, maxLength: 2 }),
        (a, b) => {
          expect(folded(documentName(a)) === folded(documentName(b))).toBe(a.join('\0') === b.join('\0'));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('every name is one plain component of a path, short enough and not hidden', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((each) => each.repeat(300)),
        ),
        (each) => {
          for (const name of [documentName([each]), documentName([each, each]), folderName(each), fieldName(each)]) {
            expect(name).toMatch(/^[a-z0-9_@^%=,-][a-z0-9_.@^%=,-]*$/);
            expect(name.length).toBeLessThanOrEqual(200);
          }
          expect(fieldName(each)).toMatch(/^[^.]{1,40}$/);
          expect(folderName(each)).not.toMatch(/\.$/);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('a long key is named by its hash, and others than it by others', () => {
    const long = 'x'.repeat(201);
    expect(documentName(['x'.repeat(200)])).toBe('x'.repeat(200));
    expect(documentName([long])).toMatch(/^=[0-9a-f]{64}$/);
    expect(documentName([`${long}y`])).not.toBe(documentName([long]));
    expect(documentName([documentName([long])])).not.toBe(documentName([long]));
  });
});
