/** Small texts that name a value of another type: UUIDs, booleans, and integers. All read bytes and allocate nothing. */

/** 8-4-4-4-12 lower-case hexadecimal: the one spelling that PostgreSQL prints, so that a uuid column hands back the same text. */
export function isCanonicalUuid(buf: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  for (let i = 0; i < 36; i++) {
    const b = buf[start + i];
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (b !== 0x2d) return false;
    } else if (!((b >= 0x30 && b <= 0x39) || (b >= 0x61 && b <= 0x66))) return false;
  }
  return true;
}

const words: readonly (readonly [text: string, value: boolean])[] = [
  ['t', true],
  ['f', false],
  ['true', true],
  ['false', false],
];

/** true, false, t and f in any case; null for everything else. */
export function booleanWord(buf: Uint8Array, start: number, end: number): boolean | null {
  for (const [text, value] of words) {
    if (end - start !== text.length) continue;
    let i = 0;
    while (i < text.length && (buf[start + i] | 0x20) === text.charCodeAt(i)) i++;
    if (i === text.length) return value;
  }
  return null;
}

/** A decimal integer of at most 15 digits as a number, or NaN when it is longer: those need {@link wideInteger}. */
export function shortInteger(buf: Uint8Array, start: number, end: number): number {
  const negative = buf[start] === 0x2d;
  const from = negative ? start + 1 : start;
  if (end - from > 15) return Number.NaN;
  let value = 0;
  for (let i = from; i < end; i++) value = value * 10 + (buf[i] - 0x30);
  return negative ? -value : value;
}

/** A decimal integer of any length. */
export function wideInteger(buf: Uint8Array, start: number, end: number): bigint {
  return BigInt(ascii(buf, start, end));
}

/** The double that a real cell stands for. */
export function realValue(buf: Uint8Array, start: number, end: number): number {
  const text = ascii(buf, start, end);
  if (text === 'Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

/** Bytes as text, where they are known to be ASCII. */
export function ascii(buf: Uint8Array, start: number, end: number): string {
  const bytes = Buffer.isBuffer(buf) ? buf : Buffer.from(buf.buffer, buf.byteOffset, buf.byteLength);
  return bytes.toString('latin1', start, end);
}

/** A decimal as numeric takes it, `-12.50`: no exponent, no sign but minus, no surrounding space. */
export function isPlainDecimal(text: string): boolean {
  return /^-?[0-9]+(\.[0-9]+)?$/.test(text);
}

/**
 * The unit of an integer instant by its size: seconds, milliseconds or microseconds since 1970, for the years 1973 to
 * 2200 and their mirror before 1970. Everything else (20240131, 2024, 5) is more likely a plain number: null. Zero is
 * an instant in every unit.
 */
export function epochUnit(value: number): 's' | 'ms' | 'us' | null {
  if (value === 0) return 's';
  const size = Math.abs(value);
  if (size >= 1e8 && size < 7.3e9) return 's';
  if (size >= 1e11 && size < 7.3e12) return 'ms';
  return size >= 1e14 && size < 7.3e15 ? 'us' : null;
}

/** 0 to 15, or -1. */
export function hexDigit(b: number): number {
  if (b >= 0x30 && b <= 0x39) return b - 0x30;
  const lower = b | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
