import type { CrossfadeError } from '../../../core/errors.ts';
import type { DriverChange } from '../../../store/contract.ts';
import { refusal, refusalWords } from '../../../store/refusal.ts';
import { resultCodeOf } from '../result-words.ts';
import type { Table } from './table.ts';

/** SQLite's extended result codes of constraints. sqlite.org/rescode.html */
const constraint = { check: 275, foreignKey: 787, primaryKey: 1555, rowid: 2579, trigger: 1811, unique: 2067 };

/** Makes one change. @throws CrossfadeError E_KEY_EXISTS, E_KEY_MISSING, E_UNIQUE; what else SQLite throws as it is */
export function makeChange(table: Table, change: DriverChange): void {
  try {
    if (change.kind === 'patch') {
      if (!table.patch(change.key, change.set)) throw refusal('E_KEY_MISSING', table.name, refusalWords.E_KEY_MISSING);
    } else if (change.kind === 'remove') table.remove(change.key);
    else if (change.kind === 'put') table.put(change.row);
    else table.insert(change.row);
  } catch (error) {
    throw equalRefusal(table, change, error) ?? error;
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
  return resultCodeOf(error) === constraint.check;
}
