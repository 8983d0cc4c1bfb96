import type { Constraint, Node } from '../parser.ts';
import type { NotNullCheck } from './catalog.ts';
import type { Scene } from './model.ts';
import { type QName, textOf } from './names.ts';
import { as } from './tree.ts';

/** Whether the files say that no row holds a NULL there: the column is NOT NULL, or a valid check says so. */
export function proven({ catalog }: Scene, table: QName, column: string): boolean {
  const known = catalog.table(table);
  if (known?.columns.get(column)?.notNull === true) return true;
  return known?.checks.some((check) => check.valid && check.columns.includes(column)) === true;
}

/** What a check says of NULL. */
export function notNullCheck(constraint: Constraint): NotNullCheck {
  const columns: string[] = [];
  // Only what AND joins holds for every row; PostgreSQL's own proof sees the same.
  const open: (Node | undefined)[] = [constraint.raw_expr];
  while (open.length > 0) {
    const each = open.pop();
    if (each === undefined) continue;
    const both = as(each, 'BoolExpr');
    if (both?.boolop === 'AND_EXPR') open.push(...(both.args ?? []));
    const test = as(each, 'NullTest');
    const reference = test?.nulltesttype === 'IS_NOT_NULL' && test.arg !== undefined ? as(test.arg, 'ColumnRef') : null;
    const field = reference?.fields?.at(-1);
    if (field !== undefined) columns.push(textOf(field));
  }
  return { name: constraint.conname ?? null, columns, valid: constraint.skip_validation !== true };
}
