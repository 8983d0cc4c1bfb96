import type { PgColumn, PgIndex, PgTable } from './pg-table.ts';

/**
 * Types whose values PostgreSQL takes for equal exactly where their cells are, in families between which it compares. Of
 * the others one value has several texts: 1.0 and 1.00, 1 mon and 30 days. Spaces at the end of a character(n) count for
 * nothing, and it is filled up with them, so that its equal values have one text where they have one length.
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
  uuid: 'uuid',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  bytea: 'bytea',
};

/** The family of a column; null where cells of equal values may differ. */
export function familyOf({ type, kind, collation, base }: PgColumn): string | null {
  if (kind === 'e') return `enum ${type}`;
  if (collation === 'loose') return null;
  if (type === 'bpchar') return /^character\(\d+\)$/.test(base) ? base : null;
  return Object.hasOwn(families, type) ? families[type] : null;
}

/** Of the columns of a key those by which it is looser in a copy. What is there holds; that it stays so is not promised. */
export function looseOf(columns: readonly string[], table: PgTable): string[] {
  return columns.filter((name) => table.columns.some((column) => column.name === name && familyOf(column) === null));
}

/** The same of the parts of an index, which may compare otherwise than their columns do. */
export function looseParts({ parts }: PgIndex, table: PgTable): string[] {
  const loose = parts.filter(({ column: name, collation, hasOwnEquality }) => {
    const column = table.columns.find((each) => each.name === name);
    return (
      hasOwnEquality || (column === undefined ? collation === 'loose' : familyOf({ ...column, collation }) === null)
    );
  });
  return loose.map(({ column, sql }) => column ?? sql);
}

/** Why it is. */
export const whyLoose = 'equal values may have several texts, and the copy lets each of them in';
