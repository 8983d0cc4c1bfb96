import type { CopyBuffer } from './buffer.ts';

// The sign words of a binary numeric; PostgreSQL's numeric.c.
const positive = 0x0000;
const negative = 0x4000;
const positiveInfinity = 0xd000;
const negativeInfinity = 0xf000;

/**
 * A double as the decimal that stands for it: integers from 2^53 on with all of their digits, everything else with the
 * fewest digits that read back as the same double, and never with an exponent.
 */
export function decimalOf(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) >= 2 ** 53) return BigInt(value).toString();
  const text = String(value);
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign, whole, fraction = '', exponent] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? `${sign}${digits}${'0'.repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Writes the field of an infinity; numeric knows them since PostgreSQL 14. */
export function writeInfinity(out: CopyBuffer, above: boolean): void {
  out.int32(8);
  out.int16(0);
  out.int16(0);
  out.int16(((above ? positiveInfinity : negativeInfinity) << 16) >> 16);
  out.int16(0);
}

/**
 * Writes a plain decimal as numeric: groups of four digits around the point, the weight of the first group, the sign,
 * and the number of digits behind the point as written. Returns false, with nothing written, beyond numeric's limits.
 */
export function writeNumeric(out: CopyBuffer, decimal: string): boolean {
  const isNegative = decimal.startsWith('-');
  const [whole, fraction = ''] = (isNegative ? decimal.slice(1) : decimal).split('.');
  const integer = whole.replace(/^0+/, '');
  if (integer.length > 131_072 || fraction.length > 16_383) return false;
  const padded =
    integer.padStart(Math.ceil(integer.length / 4) * 4, '0') + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  let weight = Math.ceil(integer.length / 4) - 1;
  let from = 0;
  let to = padded.length / 4;
  const group = (i: number) => Number(padded.slice(i * 4, i * 4 + 4));
  while (from < to && group(from) === 0) {
    from++;
    weight--;
  }
  while (to > from && group(to - 1) === 0) to--;
  out.int32(8 + (to - from) * 2);
  out.int16(to - from);
  out.int16(from === to ? 0 : weight);
  out.int16(isNegative && from < to ? negative : positive);
  out.int16(fraction.length);
  for (let i = from; i < to; i++) out.int16(group(i));
  return true;
}
