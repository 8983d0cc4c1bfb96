import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CopyOutReader } from './copy-out.ts';

type Field = Buffer | null;
const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const trailer = Buffer.from([0xff, 0xff]);

function int(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

function tuple(fields: readonly Field[]): Buffer {
  return Buffer.concat([
    int(fields.length, 2),
    ...fields.flatMap((field) => (field === null ? [int(-1, 4)] : [int(field.length, 4), field])),
  ]);
}

/** Reads a stream in the given pieces and hands back what each row held. */
function read(fields: number, pieces: Iterable<Buffer>): (string | null)[][] {
  const rows: (string | null)[][] = [];
  const reader = new CopyOutReader(fields, ({ view, starts, ends }) => {
    rows.push(
      [...starts].map((start, i) =>
        start < 0 ? null : Buffer.from(view.buffer, view.byteOffset + start, ends[i] - start).toString('hex'),
      ),
    );
  });
  // Every piece is overwritten once it was read, as a socket's buffer may be.
  for (const piece of pieces) {
    const copy = Buffer.from(piece);
    reader.push(copy);
    copy.fill(0xee);
  }
  reader.end();
  return rows;
}

function* cut(stream: Buffer, sizes: readonly number[]): Iterable<Buffer> {
  let p = 0;
  for (let i = 0; p < stream.length; i++) {
    yield stream.subarray(p, p + sizes[i % sizes.length]);
    p += sizes[i % sizes.length];
  }
}

test('rows are read whole wherever the stream is cut', () => {
  const field = fc.option(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    { nil: null },
  );
  const rowsOf3 = fc.array(fc.tuple(field, field, field), { maxLength: 12 });
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rowsOf3, sizes, (rows, pieces) => {
      const stream = Buffer.concat([header, ...rows.map(tuple), trailer]);
      const expected = rows.map((fields) => fields.map((bytes) => bytes?.toString('hex') ?? null));
      expect(read(3, cut(stream, pieces))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('a stream cut off anywhere before its end is refused', () => {
  const stream = Buffer.concat([
    header,
    tuple([Buffer.from('ab'), null]),
    tuple([Buffer.alloc(0), Buffer.from('c')]),
    trailer,
  ]);
  expect(read(2, [stream])).toHaveLength(2);
  for (let length = 0; length < stream.length; length++) {
    expect(() => read(2, cut(stream.subarray(0, length), [7]))).toThrow(
      expect.objectContaining({ code: 'E_TARGET_LOST' }),
    );
  }
});

test('the header may be longer, and rows may have no fields', () => {
  const longer = Buffer.concat([header.subarray(0, 15), int(3, 4), Buffer.from('xyz')]);
  const stream = Buffer.concat([longer, tuple([]), tuple([]), trailer]);
  expect(read(0, [stream])).toEqual([[], []]);
  expect(read(0, cut(stream, [1]))).toEqual([[], []]);
});

const malformed: readonly [name: string, stream: Buffer][] = [
  ['another signature', Buffer.concat([Buffer.from('PGCOPY\n\xff\r\r\0', 'latin1'), Buffer.alloc(8), trailer])],
  ['a critical flag', Buffer.concat([header.subarray(0, 11), Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]), trailer])],
  ['rows of another width', Buffer.concat([header, tuple([null, null]), trailer])],
  ['a length below -1', Buffer.concat([header, int(1, 2), int(-2, 4), trailer])],
  ['a length beyond any field', Buffer.concat([header, int(1, 2), int(0x7fffffff, 4), trailer])],
  ['bytes behind the trailer', Buffer.concat([header, trailer, Buffer.from([0])])],
];
test.each(malformed)('%s is refused', (_name, stream) => {
  expect(() => read(1, [stream])).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
  expect(() => read(1, cut(stream, [1]))).toThrow(expect.objectContaining({ code: 'E_INTERNAL' }));
});

test('a large field in small pieces is gathered in one buffer of its size', () => {
  const field = Buffer.alloc(64 << 20, 'x');
  const stream = Buffer.concat([header, tuple([field]), tuple([Buffer.from('y')]), trailer]);
  const lengths: number[] = [];
  const reader = new CopyOutReader(1, ({ starts, ends }) => {
    lengths.push(ends[0] - starts[0]);
  });
  let bytesMost = 0;
  for (const piece of cut(stream, [64 << 10])) {
    reader.push(piece);
    bytesMost = Math.max(bytesMost, process.memoryUsage().arrayBuffers);
  }
  reader.end();
  expect(lengths).toEqual([field.length, 1]);
  // The field, the stream, and at most one copy: not one for each of the thousand pieces, nor a doubled one.
  expect(bytesMost).toBeLessThan(4.5 * field.length);
});
