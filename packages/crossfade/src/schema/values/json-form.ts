import type { FieldType, JsonValue, Value } from '../collection.ts';
import { canonical, ValueFault } from './field-values.ts';

/**
 * Values in JSON that any program can read without losing a digit: integers of 64 bits and decimals are text, the
 * infinities are text, bytes are base64, and everything else is itself. The type says which, so nothing is tagged.
 */

/** A value as JSON; {@link valueOfJson} of the same type gives an equal value back. */
export function jsonOf(type: FieldType, value: Value): JsonValue {
  if (value === null) return null;
  return forms[type]?.to(value) ?? (value as JsonValue);
}

/** The value in its one form. @throws ValueFault for JSON that is no value of the type; its message has no value in it */
export function valueOfJson(type: FieldType, json: JsonValue): Value {
  if (json === null) return null;
  return canonical(type, forms[type]?.from(json) ?? json);
}

interface Form {
  readonly to: (value: Value) => JsonValue;
  readonly from: (json: JsonValue) => unknown;
}

const forms: Readonly<Partial<Record<FieldType, Form>>> = {
  bigint: {
    to: (value) => (value as bigint).toString(),
    from: (json) => {
      if (typeof json !== 'string' || !/^(0|-?[1-9]\d{0,18})$/.test(json))
        throw new ValueFault('is no text of the digits of a bigint');
      return BigInt(json);
    },
  },
  double: {
    to: (value) => (Number.isFinite(value) ? (value as number) : (value as number).toString()),
    from: (json) => {
      if (json === 'Infinity' || json === '-Infinity') return Number(json);
      // Whole numbers beyond 2^53 are read as bigints, and are doubles where a double holds them, or is written like that:
      // of 2^63 JavaScript writes 9223372036854776000.
      return typeof json === 'bigint' && isDouble(json) ? Number(json) : json;
    },
  },
  bytes: {
    to: (value) => Buffer.from(value as Uint8Array).toString('base64'),
    from: (json) => {
      const bytes = typeof json === 'string' ? Buffer.from(json, 'base64') : null;
      if (bytes === null || bytes.toString('base64') !== json) throw new ValueFault('is no base64');
      return bytes;
    },
  },
};

function isDouble(whole: bigint): boolean {
  const double = Number(whole);
  return Number.isFinite(double) && (BigInt(double) === whole || String(double) === String(whole));
}
