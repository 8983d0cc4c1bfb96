import type { PgColumn } from './pg-table.ts';

/**
 * Types whose values PostgreSQL takes for equal exactly where their cells are, in families between which it compares. Of
 * the others one value has several texts: 1.0 and 1.00, 1 mon and 30 days.
 */
const families: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  float4: 'real',
  float8: 'real',
  'signed float4': 'real',
  'signed float8': 'real',
  text: 'text',
  varchar: 'text',
  bpchar: 'char',
  uuid: 'uuid',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  bytea: 'bytea',
};

/** The family of a column; null where cells of equal values may differ. */
export function familyOf({ type, kind, collation }: PgColumn): string | null {
  if (kind === 'e') return `enum ${type}`;
  return Object.hasOwn(families, type) && collation !== 'loose' ? families[type] : null;
}
