/** Everything that ends a run of plain characters within a JSON string: quotes, backslashes and control characters. */
const stops = new Uint8Array(256);
for (let b = 0; b < 0x20; b++) stops[b] = 1;
stops[0x22] = 1;
stops[0x5c] = 1;

/** Where the plain characters that begin at `start` end, at the latest at `end`. `view` and `buf` show the same bytes. */
export function plainEnd(view: DataView, buf: Uint8Array, start: number, end: number): number {
  let p = start;
  // Four bytes a step: an exclusive or makes zero of the byte looked for, and a borrow shows the zero in its top bit.
  for (; p + 4 <= end; p += 4) {
    const word = view.getInt32(p, true);
    const found = ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101) | (word - 0x20202020);
    if ((found & ~word & 0x80808080) !== 0) break;
  }
  while (p < end && stops[buf[p]] === 0) p++;
  return p;
}

/** A view of the whole of `buf`: `known` where it is one already, because most values of a page share one buffer. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array, known: DataView): DataView {
  const isSame = known.buffer === buffer && known.byteOffset === byteOffset && known.byteLength === byteLength;
  return isSame ? known : new DataView(buffer, byteOffset, byteLength);
}
