import { emptyRow, type JsonValue, type Value } from '../../src/index.ts';

/** JSON has no bytes and no infinities, and its integers are of one kind: each of these gets a name in front of it. */
export function toJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number' && isOdd(value)) return { $double: String(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const named = emptyRow() as Record<string, JsonValue>;
  // A name of the caller's own that begins like ours gets a second sign.
  for (const [name, held] of Object.entries(value)) named[name.startsWith('$') ? `$${name}` : name] = toJson(held);
  return named;
}

/** A double that JSON does not have, or that would come back as a bigint. */
function isOdd(value: number): boolean {
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** The value that {@link toJson} has made this of. */
export function fromJson(value: JsonValue): Value {
  if (Array.isArray(value)) return value.map(fromJson) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const { $bytes, $bigint, $double } = value as Record<string, JsonValue>;
  if (typeof $bytes === 'string') return new Uint8Array(Buffer.from($bytes, 'base64'));
  if (typeof $bigint === 'string') return BigInt($bigint);
  if (typeof $double === 'string') return Number($double);
  const named = emptyRow();
  for (const [name, held] of Object.entries(value)) named[name.startsWith('$') ? name.slice(1) : name] = fromJson(held);
  return named as Value;
}
