import type { JsonValue } from '../collection.ts';

/**
 * JSON with every digit: an integer beyond 2^53 is a bigint, where JSON.parse would round it. A fraction that a double
 * does not hold is refused by `parseJson`, because no JavaScript number is equal to it.
 */

/** Thrown by {@link parseJson}; its message has no value in it. */
export class JsonFault extends Error {}

/** Reads JSON without losing a digit or a member. @throws JsonFault for what is no JSON, or what JavaScript cannot hold */
export function parseJson(text: string): JsonValue {
  const reviver = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? exactNumber(value, context.source) : value;
  try {
    return JSON.parse(text, reviver) as JsonValue;
  } catch (error) {
    throw error instanceof JsonFault ? error : new JsonFault('it is not JSON');
  }
}

/** Writes JSON on one line, bigints as the integers that they are. */
export function printJson(value: JsonValue): string {
  return JSON.stringify(value, (_name, held: unknown) => (typeof held === 'bigint' ? rawJSON(String(held)) : held));
}

/** Present since Node 21, and not in the library of types yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function exactNumber(value: number, source: string): number | bigint {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value + 0 : BigInt(source);
  if (!Number.isFinite(value)) throw new JsonFault('it has a number beyond the range of a double');
  if (decimalOf(source) !== decimalOf(String(value)))
    throw new JsonFault('it has a fraction of more digits than a double holds');
  return value + 0;
}

/** Digits without their outer zeros, and the power of ten behind them: equal for equal numbers of JSON, however they are written. */
export function decimalOf(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    text,
  ) as RegExpExecArray;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/(?<!0)0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
