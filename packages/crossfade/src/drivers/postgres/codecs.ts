import type { FieldType, JsonValue, Value } from '../../schema/collection.ts';
import { parseJson, printJson } from '../../schema/values/json-value.ts';

/** Thrown for a column's text that is no value of its field's type; it does not repeat the text. */
export class Undecodable extends Error {}

/** How a type of field is kept: its column's type, as PostgreSQL itself spells it, and the way in and out. */
export interface Codec {
  readonly column: string;
  /** What is sent for a value that is not null: text, or bytes. */
  readonly encode: (value: Value) => string | Uint8Array;
  /** The canonical value of PostgreSQL's text in a session of ours. @throws Undecodable, JsonFault */
  readonly decode: (text: string) => Value;
}

const same = (text: string): string => text;
const printed = (value: Value): string => `${value as string | number | bigint | boolean}`;

/** Everything travels as text, because no JavaScript type between holds every microsecond and digit. */
export const codecs: Readonly<Record<FieldType, Codec>> = {
  text: { column: 'text', encode: printed, decode: same },
  integer: { column: 'integer', encode: printed, decode: Number },
  bigint: { column: 'bigint', encode: printed, decode: BigInt },
  numeric: { column: 'numeric', encode: printed, decode: (text) => held(text, !/[a-z]/i.test(text)) },
  double: { column: 'double precision', encode: printed, decode: double },
  boolean: { column: 'boolean', encode: printed, decode: (text) => text === 't' },
  timestamptz: {
    column: 'timestamp with time zone',
    encode: printed,
    decode: (text) => `${moment(text, '+00')}Z`,
  },
  timestamp: { column: 'timestamp without time zone', encode: printed, decode: (text) => moment(text, '') },
  date: { column: 'date', encode: printed, decode: (text) => held(text, text.length === 10) },
  uuid: { column: 'uuid', encode: printed, decode: same },
  json: { column: 'jsonb', encode: (value) => printJson(value as JsonValue), decode: parseJson },
  bytes: {
    column: 'bytea',
    encode: (value) => value as Uint8Array,
    // A copy: short buffers share memory with others.
    decode: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  },
};

function double(text: string): number {
  const value = Number(text);
  if (Number.isNaN(value)) throw new Undecodable();
  // A zero that another writer has given a sign is zero all the same.
  return value + 0;
}

/** `2026-03-01 09:30:00.12+00` with all six digits; infinity, years before 1 and beyond 9999 have another length or end. */
function moment(text: string, zone: '+00' | ''): string {
  const end = text.length - zone.length;
  const fraction = end === 19 ? '.' : text.slice(19, end);
  if (end < 19 || fraction.length > 7 || !fraction.startsWith('.') || !text.endsWith(zone)) throw new Undecodable();
  return `${text.slice(0, 10)}T${text.slice(11, 19)}${fraction.padEnd(7, '0')}`;
}

function held(text: string, isHeld: boolean): string {
  if (!isHeld) throw new Undecodable();
  return text;
}
