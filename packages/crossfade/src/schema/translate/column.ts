import type { PgType } from '../model.ts';
import { type Affinity, affinityOf } from '../sqlite/affinity.ts';
import { type Collation, type ColumnEnv, columnSql, outcome, refuse, type Term } from './term.ts';

type StorageClass = 'integer' | 'real' | 'text' | 'blob';

/** The storage class in which SQLite holds the values of a column that became this type, when nothing else is known. */
export const natural: Readonly<Record<PgType, StorageClass>> = {
  boolean: 'integer',
  integer: 'integer',
  bigint: 'integer',
  numeric: 'real',
  'double precision': 'real',
  date: 'text',
  timestamp: 'text',
  timestamptz: 'text',
  uuid: 'text',
  json: 'text',
  jsonb: 'text',
  bytea: 'blob',
  text: 'text',
};

const bits: Readonly<Partial<Record<PgType, number>>> = { integer: 31, bigint: 63 };

/** A column of the table. @throws {Untranslatable} for a collation that only the application knows. */
export function columnTerm(column: ColumnEnv): Term {
  const affinity = column.declared === undefined ? undefined : affinityOf(column.declared);
  return outcome(column.type, columnSql(column.name), {
    storage: storageOf(column, affinity),
    affinity,
    collation: collationOf(column.collation),
    bits: bits[column.type] ?? 0,
    column,
  });
}

/** @throws {Untranslatable} */
export function collationOf(name: string): Collation {
  const upper = name.toUpperCase();
  if (upper === 'BINARY' || upper === 'NOCASE' || upper === 'RTRIM') return upper;
  return refuse(`the collation ${name} belongs to the application`);
}

function storageOf(column: ColumnEnv, affinity: Affinity | undefined): Term['storage'] {
  const expected = natural[column.type];
  if (column.stored && column.stored.length > 0) {
    if (column.stored.every((storage) => storage === expected)) return column.type === 'numeric' ? 'mixed' : 'exact';
    const numbers = column.stored.every((storage) => storage === 'integer' || storage === 'real');
    return numbers && expected === 'real' ? 'mixed' : 'loose';
  }
  if (column.type === 'numeric') return affinity === 'TEXT' ? 'loose' : 'mixed';
  return affinity === undefined ? 'exact' : storageByAffinity(column.type, expected, affinity);
}

/** Without a look at the values: what may stand in a column of this affinity that became this type. */
function storageByAffinity(type: PgType, expected: StorageClass, affinity: Affinity): Term['storage'] {
  if (expected === 'integer') return affinity === 'TEXT' || affinity === 'REAL' ? 'loose' : 'exact';
  if (type === 'double precision') return affinity === 'REAL' ? 'exact' : affinity === 'TEXT' ? 'loose' : 'mixed';
  // Text that the affinity leaves alone may have had numbers for company, and become text because of them.
  return type === 'text' && affinity !== 'TEXT' ? 'loose' : 'exact';
}
