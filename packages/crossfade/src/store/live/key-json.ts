import type { Key, Value } from '../../schema/collection.ts';

/** A key as JSON that tells the types of its values: JSON has no integer of 64 bits. */
export type KeyJson = readonly (string | number | boolean | { readonly bigint: string })[];

/** The same key always gives the same text of JSON. */
export function keyJson(key: Key): KeyJson {
  return key.map((value) =>
    typeof value === 'bigint' ? { bigint: String(value) } : (value as string | number | boolean),
  );
}

/** The key that {@link keyJson} has made. */
export function keyOf(json: KeyJson): Key {
  return json.map((value): Value => (typeof value === 'object' ? BigInt(value.bigint) : value));
}
