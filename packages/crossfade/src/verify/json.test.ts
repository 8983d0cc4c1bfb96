import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { absorbJson } from './json.ts';
import { holdsJson } from './json-holds.ts';
import { digester, finish, seedBytes } from './mix.ts';

const d = digester(randomBytes(seedBytes), 1);

/** The digest, or null for what is no JSON. Something stands before and behind the text that must not be read. */
function digestOf(text: string | Buffer): string | null {
  const bytes = Buffer.concat([Buffer.from('["'), Buffer.from(text as string), Buffer.from('"]}')]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!absorbJson(d, view, 2, bytes.length - 3)) return null;
  finish(d.state);
  return `${d.state[0]},${d.state[1]}`;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test('what JSON.parse takes has a digest, and what it refuses has none', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '\\',
    '\\n',
    '\\u00e9',
    '\\u12',
    'true',
    'tru',
    'null',
    '0',
    '-',
    '01',
    '1.5',
    '.',
    'e5',
    '1e',
    ' ',
    '\n',
    '\0',
    'ä',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
      const text = parts.join('');
      expect(digestOf(text) !== null).toBe(isJson(text));
    }),
    { numRuns: 20_000 },
  );
});

test('every beginning of a document is no document', () => {
  const text = '{"a":[1,-2.5e3,"\\u00e9\\ud83d\\ude00",{"b":null}],"c":true}';
  expect(digestOf(text)).not.toBeNull();
  for (let length = 0; length < text.length; length++) expect(digestOf(text.slice(0, length))).toBeNull();
});

test('two documents have one digest if and only if they mean the same', () => {
  const value = fc.jsonValue({ maxDepth: 3, stringUnit: fc.constantFrom('a', 'b', '"', '\\', 'é', '\n') });
  const meaning = (json: unknown): string =>
    JSON.stringify(json, (_, inner) =>
      inner && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(digestOf(JSON.stringify(one)) === digestOf(JSON.stringify(other, null, 1))).toBe(
        meaning(one) === meaning(other),
      );
    }),
    { numRuns: 5_000 },
  );
});

test('strings of every length at every place have a digest of their own, however they are written', () => {
  const seen = new Set<string | null>();
  for (let length = 0; length < 40; length++) {
    const text = 'abcdefghijklmnopqrstuvwxyz0123456789ABCD'.slice(0, length);
    const plain = digestOf(`"${text}"`);
    seen.add(plain);
    for (let i = 0; i < length; i++) {
      const escaped = `\\u00${text.charCodeAt(i).toString(16)}`;
      expect(digestOf(`"${text.slice(0, i)}${escaped}${text.slice(i + 1)}"`)).toBe(plain);
    }
  }
  expect(seen.size).toBe(40);
});

test('half a surrogate pair is no JSON here, because nothing in PostgreSQL can equal it', () => {
  for (const text of ['"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\ud800\\u0041"', '"\\udc00\\ud800"'])
    expect(digestOf(text)).toBeNull();
  expect(digestOf('"\\ud83d\\ude00"')).toBe(digestOf('"😀"'));
});

test('depth costs memory and not the stack', () => {
  const deep = (n: number): string => `${'[{"a":'.repeat(n)}1${'}]'.repeat(n)}`;
  expect(digestOf(deep(50_000))).not.toBeNull();
  expect(digestOf(deep(50_000))).not.toBe(digestOf(deep(49_999)));
  expect(digestOf('['.repeat(2_000_000))).toBeNull();
});

const holding: readonly [text: string, json: boolean, jsonb: boolean][] = [
  ['{"a":1,"b":{"a":2}}', true, true],
  ['{"a":1,"\\u0061":2}', true, false],
  ['[{"a":1},{"a":1}]', true, true],
  ['{"a":{"b":1},"b":2,"c":[{"b":3}]}', true, true],
  ['["\\u0000"]', true, false],
  ['["\\ud800"]', true, false],
  ['["a: \\\\",":","\\""]', true, true],
  ['[-0]', true, false],
  ['[0.0,0e5,-1]', true, true],
  ['[1e400]', true, false],
  ['[1e-400]', true, false],
  ['[1,]', false, false],
  ['', false, false],
  [`${'['.repeat(1001)}${']'.repeat(1001)}`, false, false],
];
test.each(holding)('%s is held by json: %s, by jsonb: %s', (text, json, jsonb) => {
  expect([holdsJson(Buffer.from(text), false), holdsJson(Buffer.from(text), true)]).toEqual([json, jsonb]);
});
