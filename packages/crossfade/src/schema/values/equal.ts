import type { JsonObject, JsonValue, Row, Value } from '../collection.ts';

/** Whether two values in their one form are the same: whatever the prototypes of objects, the order of their members, and where bytes lie. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((value, i) => equalValues(value as JsonValue, b[i] as JsonValue))
    );
  return equalMembers(a as JsonObject, b as JsonObject);
}

/** Whether two records have the same fields with the same values. */
export function equalRows(a: Row, b: Row): boolean {
  return equalMembers(a, b);
}

/** Whether two keys, or lists of values of the same fields, are the same. */
export function equalKeys(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((value, i) => equalValues(value, b[i]));
}

function equalMembers(a: Readonly<Record<string, Value>>, b: Readonly<Record<string, Value>>): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equalValues(a[name], b[name]))
  );
}
