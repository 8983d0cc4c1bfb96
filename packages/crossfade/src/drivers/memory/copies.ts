import { emptyRow, type Row, type Value } from '../../schema/collection.ts';

/** A copy for the caller, or null for none. */
export function copied(row: Row | undefined): Row | null {
  return row === undefined ? null : copyOf(row);
}

/** Nobody outside holds what stands here, and nothing that was handed out changes. */
export function copyOf(row: Row): Row {
  const copy = emptyRow();
  for (const name in row) copy[name] = copyValue(row[name]);
  return copy;
}

function copyValue(value: Value): Value {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}
