import { CrossfadeError } from '../../../core/errors.ts';
import type { DriverChange } from '../../../store/contract.ts';
import { refusal, refusalWords } from '../../../store/refusal.ts';
import { resultCodeOf } from '../result-words.ts';
import type { Table } from './table.ts';

/** SQLite's extended result codes of constraints. sqlite.org/rescode.html */
const constraint = { check: 275, foreignKey: 787, primaryKey: 1555, rowid: 2579, trigger: 1811, unique: 2067 };

/** Those by which it refuses a record alone, and what they say. */
const demands: Readonly<Record<number, string>> = {
  18: "SQLite's limit of length",
  20: 'the type of a column',
  [constraint.check]: 'a CHECK',
  1299: 'NOT NULL',
  3091: 'the type of a column of a STRICT table',
};

/** Makes one change. @throws CrossfadeError E_KEY_EXISTS, E_KEY_MISSING, E_UNIQUE, E_RECORD_REFUSED; what else SQLite throws as it is */
export function makeChange(table: Table, change: DriverChange): void {
  try {
    if (change.kind === 'patch') {
      if (!table.patch(change.key, change.set)) throw refusal('E_KEY_MISSING', table.name, refusalWords.E_KEY_MISSING);
    } else if (change.kind === 'remove') table.remove(change.key);
    else if (change.kind === 'put') table.put(change.row);
    else table.insert(change.row);
  } catch (error) {
    throw equalRefusal(table, change, error) ?? recordRefusal(table, error) ?? error;
  }
}

/** Which of key and unique sets was in the way; SQLite names the one that it has met first. */
function equalRefusal(table: Table, change: DriverChange, error: unknown): CrossfadeError | null {
  const code = resultCodeOf(error);
  if (code !== constraint.primaryKey && code !== constraint.unique && code !== constraint.rowid) return null;
  const isKey = change.kind === 'insert' && table.has(change.key);
  const refused = isKey ? 'E_KEY_EXISTS' : 'E_UNIQUE';
  return refusal(refused, table.name, refusalWords[refused]);
}

/** What the table demands beyond the schema. SQLite names it, by words of the table and none of the record. */
function recordRefusal({ name: collection }: Table, error: unknown): CrossfadeError | null {
  const sqliteCode = resultCodeOf(error);
  const what = demands[sqliteCode];
  if (what === undefined) return null;
  const named = /^(?:CHECK|NOT NULL) constraint failed: (.+)$|column (\S+)$/s.exec((error as Error).message);
  const demand = named?.[1] ?? named?.[2];
  return new CrossfadeError(
    'E_RECORD_REFUSED',
    `${collection}: ${what}${demand === undefined ? '' : `, ${JSON.stringify(demand)},`} refuses the record. Nothing was written. The table demands more than the schema says: change the record, or the table.`,
    { collection, ...(demand !== undefined && { constraint: demand }), sqliteCode },
  );
}

/** The refusal of a commit: references are looked at then, and SQLite does not say whose. */
export function referenceRefusal(collections: readonly string[], error: unknown): CrossfadeError | null {
  if (!isReference(error)) return null;
  return refusal('E_REFERENCE', [...new Set(collections)].join(', '), refusalWords.E_REFERENCE);
}

/** RESTRICT counts at once, and SQLite makes a trigger of it. */
function isReference(error: unknown): boolean {
  const code = resultCodeOf(error);
  return (
    code === constraint.foreignKey ||
    (code === constraint.trigger && (error as Error).message === 'FOREIGN KEY constraint failed')
  );
}

/** Whether a CHECK of a table has said no. */
export function isCheck(error: unknown): boolean {
  return error instanceof CrossfadeError && error.facts.sqliteCode === constraint.check;
}
