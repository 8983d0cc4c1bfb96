import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Damage, membersOf, printMembers } from './members.ts';

const of = (text: string) => membersOf(Buffer.from(text));

describe('the members of a document', () => {
  test('are the texts that stand there, to the letter', () => {
    const text = '{ "n" : -0.10e5,"s":"a \\"},{\\\\", "o": {"b": [1, {"c":"]"}]} ,"\\u0061":null }';
    expect([...of(text)]).toEqual([
      ['n', '-0.10e5'],
      ['s', '"a \\"},{\\\\"'],
      ['o', '{"b": [1, {"c":"]"}]}'],
      ['a', 'null'],
    ]);
  });

  test('agree with JSON.parse for every object, and survive printing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
        const members = of(JSON.stringify(object, null, 1));
        const read = Object.fromEntries(Array.from(members, ([name, text]) => [name, JSON.parse(text) as unknown]));
        expect(read).toEqual(JSON.parse(JSON.stringify(object)));
        expect(of(printMembers(members))).toEqual(members);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', 'is no whole JSON object'],
    ['{"a":1', 'is no whole JSON object'],
    ['{"a":1}x', 'is no whole JSON object'],
    ['[1]', 'is no whole JSON object'],
    ['"a"', 'is no whole JSON object'],
    ['\ufeff{}', 'is no whole JSON object'],
    ['{"a":1,"\\u0061":1}', 'has two members of one name'],
    ['{"a":{"b":1,"b":1}}', 'has two members of one name'],
    [`{"a":${'['.repeat(1_001)}${']'.repeat(1_001)}}`, 'has too many levels'],
  ])('%j are none', (text, reason) => expect(() => of(text)).toThrow(new Damage(reason)));

  test('bytes that are no UTF-8 are none', () => {
    expect(() => membersOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(
      new Damage('is not UTF-8'),
    );
  });
});
