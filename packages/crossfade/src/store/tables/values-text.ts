import type { Key } from '../../schema/collection.ts';

/** The values of a key as one string, different for different keys. */
export function valuesText(values: Key): string {
  if (values.length === 1 && typeof values[0] === 'string') return values[0];
  return JSON.stringify(values, (_name, value: unknown) =>
    typeof value === 'bigint' ? { bigint: String(value) } : value,
  );
}
