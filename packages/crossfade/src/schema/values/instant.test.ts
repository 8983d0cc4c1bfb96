import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysFromCivil, InstantKind, InstantParser } from './instant.ts';

const parser = new InstantParser();
const parse = (text: string) => parser.parse(Buffer.from(text), 0, Buffer.byteLength(text));

describe('the instant parser', () => {
  test.each([
    ['2024-02-29', InstantKind.date],
    ['2024-02-29 10:11', InstantKind.naive],
    ['2024-02-29T10:11:12', InstantKind.naive],
    ['2024-02-29 10:11:12.123456', InstantKind.naive],
    ['2024-02-29 10:11:12Z', InstantKind.offset],
    ['2024-02-29 10:11:12.5+02', InstantKind.offset],
    ['2024-02-29 10:11:12-0330', InstantKind.offset],
    ['2024-02-29 10:11:12+05:45', InstantKind.offset],
    ['2024-02-29 10:11:12.123 +00:00', InstantKind.offset],
    ['2024-02-29T10:11:12.123456 -03:30', InstantKind.offset],
    ['0001-01-01', InstantKind.date],
    ['9999-12-31 23:59:59.999999', InstantKind.naive],
    ['2023-02-29', InstantKind.none],
    ['2024-02-30', InstantKind.none],
    ['0000-00-00', InstantKind.none],
    ['2024-13-01', InstantKind.none],
    ['2024-01-01 24:00:00', InstantKind.none],
    ['2024-01-01 10:11:60', InstantKind.none],
    ['2024-01-01 10:11:12.1234567', InstantKind.none],
    ['2024-01-01 10:11:12.', InstantKind.none],
    ['2024-01-01 10:11:12 Z', InstantKind.none],
    ['2024-01-01 10:11:12 ', InstantKind.none],
    ['2024-01-01 10:11:12  +00:00', InstantKind.none],
    ['2024-01-01 10:11:12 00:00', InstantKind.none],
    ['2024-01-01 10:11:12z', InstantKind.none],
    ['2024-01-01 10:11:12+16:00', InstantKind.none],
    ['2024-01-01t10:11:12', InstantKind.none],
    ['31/12/2020', InstantKind.none],
    ['2024-1-1', InstantKind.none],
  ])('reads %s', (text, kind) => {
    expect(parse(text)).toBe(kind);
  });

  test('finds the instant that JavaScript finds, to the microsecond', () => {
    const date = fc.date({
      min: new Date('0100-01-01T00:00:00Z'),
      max: new Date('9999-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 999 }), (at, micros) => {
        const text = `${at.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
        expect(parse(text)).toBe(InstantKind.offset);
        expect(parser.seconds * 1000 + Math.floor(parser.micros / 1000)).toBe(at.getTime());
        expect(parser.micros % 1000).toBe(micros);
      }),
      { numRuns: 5_000 },
    );
  });

  test('gives one shape to one spelling and other shapes to others', () => {
    const shapes = [
      '2024-01-01 10:00:00',
      '2024-01-01T10:00:00',
      '2024-01-01 10:00',
      '2024-01-01 10:00:00.0',
      '2024-01-01 10:00:00Z',
      '2024-01-01 10:00:00+00',
      '2024-01-01 10:00:00+0000',
      '2024-01-01 10:00:00+00:00',
      '2024-01-01 10:00:00 +00:00',
      '2024-01-01T10:00:00 +00:00',
      '2024-01-01 10:00:00-00:00',
      '2024-01-01 10:00:00+01:00',
      '2024-01-01',
    ];
    const seen = shapes.map((text) => {
      parse(text);
      return parser.shape;
    });
    expect(new Set(seen).size).toBe(shapes.length);
    parse('1999-12-31 23:59:59');
    expect(parser.shape).toBe(seen[0]);
  });

  test('counts days as the calendar does', () => {
    expect(daysFromCivil(1970, 1, 1)).toBe(0);
    expect(daysFromCivil(2000, 3, 1)).toBe(11_017);
    expect(daysFromCivil(1, 1, 1)).toBe(-719_162);
  });
});
