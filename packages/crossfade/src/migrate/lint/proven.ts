import type { Scene } from './model.ts';
import type { QName } from './names.ts';

/** Whether the files say that no row holds a NULL there: the column is NOT NULL, or a valid check says so. */
export function proven({ catalog }: Scene, table: QName, column: string): boolean {
  const known = catalog.table(table);
  if (known?.columns.get(column)?.notNull === true) return true;
  return known?.checks.some((check) => check.valid && check.columns.includes(column)) === true;
}
