import { familyOf } from './equality.ts';
import type { PgForeignKey, PgIndex, PgTable } from './pg-table.ts';

/**
 * Why a foreign key would mean something else in a copy, or null: rows that refer to each other in PostgreSQL have to do so
 * there, and the copy wants a key of just these columns.
 */
export function obstacleTo(key: PgForeignKey, child: PgTable, parent: PgTable): string | null {
  const family = (table: PgTable, name: string): string | null => {
    const column = table.columns.find((each) => each.name === name);
    return column === undefined ? null : familyOf(column);
  };
  const isSame = key.columns.every((column, i) => {
    const own = family(child, column);
    return own !== null && own === family(parent, key.parentColumns[i]);
  });
  if (!isSame) return 'equal values may have several texts, and the copy compares those';
  const keys = [
    parent.primaryKey,
    ...parent.unique.map(({ columns }) => columns),
    ...parent.indexes.flatMap(keyOfIndex),
  ];
  const wanted = key.parentColumns.toSorted().join('\0');
  return keys.some((columns) => columns.toSorted().join('\0') === wanted)
    ? null
    : 'what it refers to is no key in the copy';
}

/** The columns that an index lets be there once, if it does in the copy too. */
function keyOfIndex({ unique, method, where, clauses, parts }: PgIndex): (readonly string[])[] {
  const columns = parts.flatMap(({ column }) => column ?? []);
  const isKey = unique && method === 'btree' && where === null && columns.length === parts.length;
  return isKey && !clauses.includes('invalid') ? [columns] : [];
}
