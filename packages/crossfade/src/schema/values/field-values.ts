import type { FieldType, JsonValue, Key, Value } from '../collection.ts';
import { lastDay } from './instant.ts';

/** The deepest JSON that every store takes; PostgreSQL's own parser recurses. */
const jsonDepthMax = 1_000;

/** What is wrong with a value, in words that do not repeat it. */
export class ValueFault extends Error {}

/**
 * The one form of a value of the type; equal values have equal forms. Everything that a caller hands over passes here
 * once, so a driver gets exact values in one spelling and checks nothing.
 *
 * @throws ValueFault for a value that the type does not hold
 */
export function canonical(type: FieldType, value: unknown): Value {
  return forms[type](value);
}

/** Makes the one form of a value of its type, as {@link canonical}. */
export const forms: Readonly<Record<FieldType, (value: unknown) => Value>> = {
  text,
  integer: (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value !== (value | 0))
      throw new ValueFault('is no integer of 32 bits');
    return value | 0;
  },
  bigint: (value) => {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
      throw new ValueFault('is no bigint of 64 bits');
    return value;
  },
  numeric: (value) => {
    if (typeof value !== 'string' || !/^(?!-0+(\.0+)?$)-?(0|[1-9]\d*)(\.\d+)?$/.test(value) || value.length > 1_000)
      throw new ValueFault('is no string of decimal digits, without exponent and needless zeros in front');
    return value;
  },
  double: (value) => {
    if (typeof value !== 'number' || Number.isNaN(value)) throw new ValueFault('is no number');
    return value + 0;
  },
  boolean: (value) => {
    if (typeof value !== 'boolean') throw new ValueFault('is neither true nor false');
    return value;
  },
  timestamptz: (value) => moment(value, 'Z'),
  timestamp: (value) => moment(value, ''),
  date: (value) => {
    if (typeof value !== 'string' || !dateForm.test(value) || !isDay(value))
      throw new ValueFault('is no date of the form YYYY-MM-DD');
    return value;
  },
  uuid: (value) => {
    if (typeof value !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
      throw new ValueFault('is no UUID');
    return value.toLowerCase();
  },
  json: (value) => json(value, 1),
  bytes: (value) => {
    if (!(value instanceof Uint8Array)) throw new ValueFault('is no Uint8Array');
    // A copy: the caller may go on writing into its own.
    return new Uint8Array(value);
  },
};

function text(value: unknown): string {
  if (typeof value !== 'string') throw new ValueFault('is no string');
  if (!value.isWellFormed()) throw new ValueFault('has half a surrogate pair in it, which no store holds');
  if (value.includes('\0')) throw new ValueFault('has a NUL character in it, which PostgreSQL does not hold');
  return value;
}

const dateForm = /^\d{4}-\d\d-\d\d$/;
/** By the zone at the end. */
const momentForms = {
  Z: /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/,
  '': /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}$/,
};

function moment(value: unknown, zone: keyof typeof momentForms): string {
  const form = momentForms[zone];
  // Whatever a store has given out is in its one form, and need not be taken apart.
  if (typeof value === 'string' && form.test(value) && isDay(value)) return value;
  const spelled = typeof value === 'string' ? spelledOut(value) : '';
  if (!form.test(spelled) || !isDay(spelled))
    throw new ValueFault(`is no moment of the form YYYY-MM-DDTHH:MM:SS.ffffff${zone}`);
  return spelled;
}

/** With a T for a blank, and six digits of fraction for fewer or none; what is spelled otherwise stays as it is. */
function spelledOut(value: string): string {
  return value.replace(
    /^(.{10})[T ](.{8})(?:\.(\d{1,6}))?(Z?)$/,
    (_, day: string, clock: string, fraction: string | undefined, zone: string) =>
      `${day}T${clock}.${(fraction ?? '').padEnd(6, '0')}${zone}`,
  );
}

/** Whether the calendar has the day of a value that begins with its digits, YYYY-MM-DD. */
function isDay(value: string): boolean {
  const [year, month, day] = [digits(value, 0, 4), digits(value, 5, 7), digits(value, 8, 10)];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= lastDay(year, month);
}

function digits(value: string, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) number = number * 10 + value.charCodeAt(i) - 0x30;
  return number;
}

/** A copy, so that nobody changes it from outside, with one spelling of each number. */
function json(value: unknown, depth: number): JsonValue {
  if (depth > jsonDepthMax) throw new ValueFault(`has more than ${jsonDepthMax} levels of JSON`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new ValueFault('has a number in it that JSON does not hold');
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value + 0;
  }
  if (typeof value === 'bigint')
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return Array.from(value, (item) => json(item, depth + 1));
  if (typeof value !== 'object' || ![Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null))
    throw new ValueFault('has something in it that JSON does not hold');
  const copy: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const [name, held] of Object.entries(value)) copy[text(name)] = json(held, depth + 1);
  return copy;
}

/**
 * The order of the values of a key type: text by code points (as PostgreSQL's "C" and SQLite's BINARY), everything else
 * as it is; null comes first. Stores that order otherwise do not declare `orderedScan`.
 */
export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of two keys of one collection, or of two lists of values of the same fields. */
export function compareKeys(a: Key, b: Key): number {
  const at = a.findIndex((value, i) => compareValues(value, b[i]) !== 0);
  return at < 0 ? 0 : compareValues(a[at], b[at]);
}

/** UTF-16 sorts U+E000 to U+FFFF behind the characters beyond; UTF-8, and so every database, before them. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [high, low] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return high === low ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}
