import type { Constraint } from '../parser.ts';
import { type QName, textOf } from './names.ts';
import { nodesBelow } from './tree.ts';

const endings: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: 'pkey',
  CONSTR_UNIQUE: 'key',
  CONSTR_EXCLUSION: 'excl',
  CONSTR_FOREIGN: 'fkey',
  CONSTR_CHECK: 'check',
};

/** The name of a constraint, or the one that PostgreSQL chooses: `users_email_key`, and `users_pkey` for the one key. */
export function constraintName(table: QName, constraint: Constraint, columns: readonly string[]): string {
  if (constraint.conname !== undefined && constraint.conname !== '') return constraint.conname;
  const kind = constraint.contype ?? '';
  const named = kind === 'CONSTR_PRIMARY' ? [] : kind === 'CONSTR_CHECK' ? checkedColumn(constraint) : columns;
  return [table.name, ...named, endings[kind] ?? ''].join('_');
}

/** A check of one column is named after it, one of several after none. */
function checkedColumn({ raw_expr: expression }: Constraint): string[] {
  const names = new Set<string>();
  for (const [kind, fields] of nodesBelow(expression))
    if (kind === 'ColumnRef') names.add(textOf((fields.fields as Parameters<typeof textOf>[0][]).at(-1)));
  return names.size === 1 ? [...names] : [];
}
