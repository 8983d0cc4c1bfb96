import { absorb } from './mix.ts';

/** What stands behind a backslash, and 0 for what may not. `u` is read apart. */
const simpleEscapes = new Uint8Array(256);
for (const [letter, char] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  simpleEscapes[letter.charCodeAt(0)] = char.charCodeAt(0);
}

/**
 * Absorbs the characters of a JSON string as UTF-8, from behind its opening quote, and how many bytes they are. Escapes
 * are decoded on the way, so how a character is written makes no difference, and which one it is does: nothing is
 * normalised. Returns the position behind the closing quote, or -1 if it is no JSON string.
 *
 * Four bytes are looked at in one step, up to the first that is a quote, a backslash or a control character. This is
 * the hottest loop of verification, hence the lanes of `absorb` in variables.
 */
export function absorbString(s: Int32Array, view: DataView, start: number, end: number): number {
  let a = s[0];
  let b = s[1];
  let c = s[2];
  let d = s[3];
  const ka = s[4];
  const kb = s[5];
  const kc = s[6];
  const kd = s[7];
  let p = start;
  let word = 0;
  let flags = 0;
  for (; p + 4 <= end; p += 4) {
    word = view.getInt32(p, true);
    flags = specials(word);
    if (flags !== 0) break;
    a = Math.imul(a ^ word, ka);
    b = Math.imul(b ^ ((word << 16) | (word >>> 16)), kb);
    c = Math.imul(c ^ ((word << 8) | (word >>> 24)), kc);
    d = Math.imul(d ^ ((word << 24) | (word >>> 8)), kd);
    a = (a << 15) | (a >>> 17);
    b = (b << 13) | (b >>> 19);
    c = (c << 17) | (c >>> 15);
    d = (d << 11) | (d >>> 21);
  }
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
  const plainBits = flags === 0 ? 0 : bitsBefore(flags);
  const special = p + (plainBits >> 3);
  if (flags === 0 || view.getUint8(special) !== 0x22) return absorbEscaped(s, view, p, end, p - start);
  if (plainBits > 0) absorb(s, word & ((1 << plainBits) - 1));
  absorb(s, ((special - start) << 3) | 1);
  return special + 1;
}

/** Its high bit is set in a byte that is a quote, a backslash or a control character; right up to the first such byte. */
function specials(word: number): number {
  return (
    (((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101) | (word - 0x20202020)) & ~word & 0x80808080
  );
}

/** How many bits lie before the byte that the lowest flag is in. */
function bitsBefore(flags: number): number {
  return (31 - Math.clz32(flags & -flags)) & 0x18;
}

/**
 * The rest of a string that has escapes in it, or ends near the end of the input. Decoded bytes do not fall on the words
 * of the input any more: `carry` holds the `shift` bits that do not fill a word yet.
 */
function absorbEscaped(s: Int32Array, view: DataView, start: number, end: number, bytesBefore: number): number {
  let p = start;
  let carry = 0;
  let shift = 0;
  let bytes = bytesBefore;
  let special = false;
  for (;;) {
    let bits: number;
    let bitCount: number;
    if (special) {
      if (p >= end) return -1;
      const c = view.getUint8(p);
      if (c === 0x22) break;
      if (c !== 0x5c || p + 1 >= end) return -1;
      const escaped = view.getUint8(p + 1);
      bits = simpleEscapes[escaped];
      bitCount = 8;
      p += 2;
      if (bits === 0) {
        const unit = escaped === 0x75 ? hex4(view, p, end) : -1;
        const point = unit >= 0xd800 && unit < 0xe000 ? pair(unit, view, p + 4, end) : unit;
        if (point < 0) return -1;
        p += point > 0xffff ? 10 : 4;
        bits = utf8Bits(point);
        bitCount = point < 0x80 ? 8 : point < 0x800 ? 16 : point < 0x10000 ? 24 : 32;
      }
      special = false;
    } else if (p + 4 <= end) {
      bits = view.getInt32(p, true);
      bitCount = 32;
      const flags = specials(bits);
      if (flags !== 0) {
        bitCount = bitsBefore(flags);
        bits &= (1 << bitCount) - 1;
        special = true;
      }
      p += bitCount >> 3;
    } else {
      const c = p < end ? view.getUint8(p) : 0;
      special = c < 0x20 || c === 0x22 || c === 0x5c;
      bits = special ? 0 : c;
      bitCount = special ? 0 : 8;
      p += bitCount >> 3;
    }
    bytes += bitCount >> 3;
    carry |= bits << shift;
    shift += bitCount;
    if (shift < 32) continue;
    absorb(s, carry);
    shift -= 32;
    // What of `bits` did not fit: its upper `shift` bits. Where none are left the shift by 32 would be none at all.
    carry = shift === 0 ? 0 : bits >>> (bitCount - shift);
  }
  if (shift > 0) absorb(s, carry);
  absorb(s, (bytes << 3) | 1);
  return p + 1;
}

function hex4(view: DataView, start: number, end: number): number {
  if (start + 4 > end) return -1;
  let value = 0;
  for (let p = start; p < start + 4; p++) {
    const digit = hexDigit(view.getUint8(p));
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

/** The value of a hexadecimal digit in either case, or -1. */
export function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A surrogate stands for nothing without its other half. */
function pair(high: number, view: DataView, p: number, end: number): number {
  if (high >= 0xdc00 || p + 6 > end || view.getUint16(p) !== 0x5c75) return -1;
  const low = hex4(view, p + 2, end);
  return low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((high - 0xd800) << 10) + low - 0xdc00 : -1;
}

/** The character's bytes, the first one lowest, as a little-endian word holds them. */
function utf8Bits(point: number): number {
  const tail = 0x80 | (point & 0x3f);
  if (point < 0x80) return point;
  if (point < 0x800) return 0xc0 | (point >> 6) | (tail << 8);
  const third = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) return 0xe0 | (point >> 12) | (third << 8) | (tail << 16);
  return 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 0x3f)) << 8) | (third << 16) | (tail << 24);
}
