import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CopyBuffer } from './buffer.ts';
import { decimalOf } from './numeric.ts';

test('a double becomes a plain decimal that reads back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = decimalOf(value);
      expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(text)).toBe(Object.is(value, -0) ? 0 : value);
    }),
    { numRuns: 20_000 },
  );
});

test('a large integral double keeps all of its digits', () => {
  expect(decimalOf(2 ** 63)).toBe('9223372036854775808');
  expect(decimalOf(1e23)).toBe('99999999999999991611392');
});

test('a buffer gives back what was written, however it grew, was rewound and passed large values on', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const step = fc.oneof(
    bytes.map((value) => ({ kind: 'bytes' as const, value })),
    fc.constant({ kind: 'large' as const, value: new Uint8Array(600_000).fill(7) }),
    fc.constant({ kind: 'many' as const, value: new Uint8Array(400_000).fill(9) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ steps: fc.array(step, { maxLength: 4 }), kept: fc.boolean() }), { maxLength: 8 }),
      (rows) => {
        const out = new CopyBuffer();
        const expected: Uint8Array[] = [];
        for (const { steps, kept } of rows) {
          const mark = out.mark();
          for (const { value } of steps) out.bytes(value, 0, value.length);
          if (kept) expected.push(...steps.map(({ value }) => value));
          else out.rewind(mark);
        }
        expect(Buffer.concat(out.take()).equals(Buffer.concat(expected))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test('integers are written as PostgreSQL reads them', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const out = new CopyBuffer();
      out.int64(value);
      out.bigint64(BigInt(value));
      const [written] = out.take();
      expect(written.readBigInt64BE(0)).toBe(BigInt(value));
      expect(written.readBigInt64BE(8)).toBe(BigInt(value));
    }),
  );
});
