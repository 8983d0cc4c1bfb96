import { decimalOf } from '../schema/values/json-value.ts';

/** What a number of JSON can be kept as without losing a digit. */
export type NumberKind = 'integer' | 'real' | 'zero' | 'decimal' | 'other';

const integerMax = 2n ** 63n;

/**
 * integer: 64 bits hold it. real: a double is equal to it. zero: a negative one, which only a double holds. decimal: plain
 * digits, which numeric holds. other: an exponent that none of them holds.
 */
export function numberKind(text: string): NumberKind {
  if (/^-0+(\.0+)?([eE].*)?$/.test(text)) return 'zero';
  if (/^-?\d+$/.test(text)) {
    if (text.length > 1_000) return 'other';
    const value = BigInt(text);
    return value >= -integerMax && value < integerMax ? 'integer' : 'decimal';
  }
  const value = Number(text);
  if (Number.isFinite(value) && decimalOf(text) === decimalOf(String(value))) return 'real';
  return /^-?\d+\.\d+$/.test(text) && text.length <= 1_000 ? 'decimal' : 'other';
}
