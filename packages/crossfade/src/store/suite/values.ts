import type { FieldType, Value } from '../../schema/collection.ts';

/** A value that every store holds, and the form in which it comes back where that is another one. */
export interface HeldValue {
  readonly type: FieldType;
  readonly what: string;
  readonly value: unknown;
  readonly is?: Value;
}

const deep = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner], null as unknown);

/** Text that has been lost, cut or changed somewhere. */
export const nastyText: Readonly<Record<string, string>> = {
  'empty text': '',
  'a space': ' ',
  'blanks around': '  x\t\n',
  quotes: `'"\`\\`,
  'COPY marks': '\\N\\.\t\n',
  'a line of SQL': "'; DROP TABLE people; --",
  percent: '%s %_ $1 :a ?',
  'a million': 'x'.repeat(1_000_000),
  emoji: '👩‍👩‍👧 🏳️‍🌈',
  'beyond the BMP': '\u{10ffff}\u{1f600}',
  'the end of the BMP': '\uffff\ufffe\ue000',
  combining: 'e\u0301 \u00e9',
  'right to left': '\u202eabc \u05d0\u05d1',
  controls: '\u0001\u0007\u001b\u007f\u0085',
  'a byte order mark': '\ufeffx',
  'line separators': 'a\u2028b\u2029c\r\nd',
  null: 'null',
  undefined: 'undefined',
  true: 'true',
  'a number': '007',
  '2^53 + 1': '9007199254740993',
  'a date': '2026-02-30',
  JSON: '{"a": [1, "2"]}',
  __proto__: '__proto__',
  'a NaN': 'NaN',
};

/** Values of every type at its ends. */
export const heldValues: readonly HeldValue[] = [
  ...Object.entries(nastyText).map(([what, value]): HeldValue => ({ type: 'text', what, value })),
  ...[0, 1, -1, 2_147_483_647, -2_147_483_648].map(
    (value): HeldValue => ({ type: 'integer', what: String(value), value }),
  ),
  { type: 'integer', what: '-0, which is 0', value: -0, is: 0 },
  ...[0n, 1n, -1n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n].map(
    (value): HeldValue => ({ type: 'bigint', what: String(value), value }),
  ),
  ...[
    '0',
    '-1',
    '1.50',
    '0.000',
    '12345678901234567890.123456789012345678901234567890',
    `1${'0'.repeat(300)}`,
    `-0.${'0'.repeat(200)}1`,
  ].map((value): HeldValue => ({ type: 'numeric', what: value.slice(0, 40), value })),
  ...[0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2 ** 53 + 2, 1e21, 123456789.12345679, Infinity, -Infinity].map(
    (value): HeldValue => ({ type: 'double', what: String(value), value }),
  ),
  { type: 'double', what: '-0, which is 0', value: -0, is: 0 },
  { type: 'boolean', what: 'true', value: true },
  { type: 'boolean', what: 'false', value: false },
  { type: 'timestamptz', what: 'microseconds', value: '2026-03-01T09:30:00.123456Z' },
  { type: 'timestamptz', what: 'milliseconds', value: '2026-03-01T09:30:00.120Z', is: '2026-03-01T09:30:00.120000Z' },
  { type: 'timestamptz', what: 'no fraction', value: '2026-03-01 09:30:00Z', is: '2026-03-01T09:30:00.000000Z' },
  { type: 'timestamptz', what: 'the year 1', value: '0001-01-01T00:00:00.000000Z' },
  { type: 'timestamptz', what: 'the year 9999', value: '9999-12-31T23:59:59.999999Z' },
  { type: 'timestamptz', what: 'before 1970', value: '1969-12-31T23:59:59.999999Z' },
  { type: 'timestamp', what: 'an hour that some zones skip', value: '2026-03-29T02:30:00.000001' },
  { type: 'date', what: 'a leap day', value: '2024-02-29' },
  { type: 'date', what: 'the first', value: '0001-01-01' },
  {
    type: 'uuid',
    what: 'upper case',
    value: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    is: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  },
  { type: 'json', what: 'an empty object', value: {} },
  { type: 'json', what: 'an empty array', value: [] },
  { type: 'json', what: 'text', value: 'text' },
  { type: 'json', what: 'a number', value: -12.5 },
  { type: 'json', what: 'false', value: false },
  { type: 'json', what: 'nulls inside', value: { a: null, b: [null] } },
  { type: 'json', what: '2^53 + 1', value: { n: 9007199254740993n } },
  { type: 'json', what: '40 digits', value: [1234567890123456789012345678901234567890n] },
  { type: 'json', what: 'a small bigint, which is a number', value: { n: 12n }, is: { n: 12 } },
  { type: 'json', what: '1e21', value: { n: 1e21 }, is: { n: 1000000000000000000000n } },
  { type: 'json', what: '5e-324', value: [5e-324, 0.1, 1 / 3] },
  { type: 'json', what: 'odd names', value: JSON.parse('{"__proto__": 1, "constructor": 2, "": 3, "a.b": 4, "1": 5}') },
  { type: 'json', what: 'nasty text', value: Object.values(nastyText).filter((text) => text.length < 1_000) },
  { type: 'json', what: '900 levels', value: deep(900) },
  { type: 'json', what: '20,000 items', value: Array.from({ length: 20_000 }, (_, i) => i) },
  { type: 'bytes', what: 'nothing', value: new Uint8Array() },
  { type: 'bytes', what: 'every byte', value: Uint8Array.from({ length: 256 }, (_, i) => i) },
  { type: 'bytes', what: 'a million', value: new Uint8Array(1_000_000).fill(0x5c) },
];

/** Values that no store takes, by type: refused before any store is asked. */
export const refusedValues: readonly { readonly type: FieldType; readonly what: string; readonly value: unknown }[] = [
  { type: 'text', what: 'a NUL character', value: 'a\0b' },
  { type: 'text', what: 'half a surrogate pair', value: 'a\ud800b' },
  { type: 'text', what: 'a number', value: 1 },
  { type: 'integer', what: 'a fraction', value: 1.5 },
  { type: 'integer', what: '2^31', value: 2 ** 31 },
  { type: 'integer', what: 'text', value: '1' },
  { type: 'integer', what: 'a bigint', value: 1n },
  { type: 'bigint', what: 'a number', value: 1 },
  { type: 'bigint', what: '2^63', value: 2n ** 63n },
  { type: 'numeric', what: 'a number', value: 1.5 },
  { type: 'numeric', what: 'an exponent', value: '1e5' },
  { type: 'numeric', what: 'a leading zero', value: '01' },
  { type: 'numeric', what: 'minus zero', value: '-0' },
  { type: 'numeric', what: 'NaN', value: 'NaN' },
  { type: 'double', what: 'NaN', value: Number.NaN },
  { type: 'double', what: 'text', value: '1.5' },
  { type: 'boolean', what: '1', value: 1 },
  { type: 'timestamptz', what: 'no zone', value: '2026-03-01T09:30:00' },
  { type: 'timestamptz', what: 'an offset', value: '2026-03-01T09:30:00+01:00' },
  { type: 'timestamptz', what: 'a Date', value: new Date(0) },
  { type: 'timestamptz', what: 'nanoseconds', value: '2026-03-01T09:30:00.123456789Z' },
  { type: 'timestamptz', what: '30 February', value: '2026-02-30T00:00:00Z' },
  { type: 'timestamptz', what: 'second 60', value: '2026-06-30T23:59:60Z' },
  { type: 'timestamp', what: 'a zone', value: '2026-03-01T09:30:00Z' },
  { type: 'date', what: 'the year 0', value: '0000-01-01' },
  { type: 'date', what: 'a moment', value: '2026-03-01T00:00:00Z' },
  { type: 'uuid', what: 'braces', value: '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}' },
  { type: 'json', what: 'undefined inside', value: { a: undefined } },
  { type: 'json', what: 'NaN', value: [Number.NaN] },
  { type: 'json', what: 'a NUL character', value: { a: 'x\0' } },
  { type: 'json', what: 'half a surrogate pair in a name', value: { '\udc00': 1 } },
  { type: 'json', what: 'a Date', value: { at: new Date(0) } },
  { type: 'json', what: 'a Map', value: new Map() },
  { type: 'json', what: '1,500 levels', value: deep(1_500) },
  { type: 'bytes', what: 'text', value: 'abc' },
  { type: 'bytes', what: 'an array', value: [1, 2] },
];
