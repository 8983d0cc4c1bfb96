import { defaultOf } from './default.ts';
import { familyOf } from './equality.ts';
import type { PgColumn, PgForeignKey, PgIndex, PgTable } from './pg-table.ts';

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

/** Why its SET DEFAULT would put something else into a row of SQLite than PostgreSQL does, or null. */
export function defaultObstacleTo({ columns, onUpdate, onDelete }: PgForeignKey, child: PgTable): string | null {
  if (![onUpdate, onDelete].includes('SET DEFAULT')) return null;
  const isCarried = ({ default: given, sequence, isDomain, ...column }: PgColumn): boolean =>
    sequence === null && (given === null ? !isDomain : defaultOf(given, column) !== null);
  return child.columns.every((column) => !columns.includes(column.name) || isCarried(column))
    ? null
    : 'it sets a default that is not carried over';
}

/** The columns that an index lets be there once, if it does in the copy too. */
function keyOfIndex({ unique, method, where, clauses, parts }: PgIndex): (readonly string[])[] {
  const columns = parts.flatMap(({ column }) => column ?? []);
  const isKey = unique && method === 'btree' && where === null && columns.length === parts.length;
  return isKey && !clauses.includes('invalid') ? [columns] : [];
}
