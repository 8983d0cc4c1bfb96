/** Numbers of JSON as bytes: their grammar, and whether PostgreSQL's numeric would hand back the same number. */

/** Where the number that begins at `start` ends, or -1 when none does. RFC 8259, 6 "Numbers". */
export function numberEnd(buf: Uint8Array, start: number, end: number): number {
  const whole = buf[start] === 0x2d ? start + 1 : start;
  let p = buf[whole] === 0x30 ? whole + 1 : digitsEnd(buf, whole, end);
  if (p === whole || p > end) return -1;
  if (p < end && buf[p] === 0x2e) {
    const fraction = p + 1;
    p = digitsEnd(buf, fraction, end);
    if (p === fraction) return -1;
  }
  if (p < end && (buf[p] | 0x20) === 0x65) {
    const signed = p + 1 < end && (buf[p + 1] === 0x2b || buf[p + 1] === 0x2d);
    const exponent = p + (signed ? 2 : 1);
    p = digitsEnd(buf, exponent, end);
    if (p === exponent) return -1;
  }
  return p;
}

/**
 * numeric has no -0 and holds 131,072 digits before the point and 16,383 behind it; a number that is too large or too
 * small for a double is written out in full by jsonb, or refused, so it counts as changed too.
 */
export function jsonbChangesNumber(buf: Uint8Array, start: number, end: number): boolean {
  // Nearly all numbers are short and unsigned.
  if (end - start < 300 && buf[start] !== 0x2d && digitsEnd(buf, start, end) === end) return false;
  const text = Buffer.from(buf.buffer, buf.byteOffset + start, end - start).toString('latin1');
  const value = Number(text);
  if (!Number.isFinite(value)) return true;
  if (value !== 0) return text.length > 16_000;
  return text.startsWith('-') || /[1-9]/.test(text.split(/e/i)[0]);
}

function digitsEnd(buf: Uint8Array, start: number, end: number): number {
  let p = start;
  while (p < end && buf[p] >= 0x30 && buf[p] <= 0x39) p++;
  return p;
}
