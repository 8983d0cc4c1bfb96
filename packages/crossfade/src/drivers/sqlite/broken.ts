import type { DatabaseSync } from 'node:sqlite';
import { ident } from '../../core/sql-text.ts';
import { guarded } from './failure.ts';

/** Whether a row of a child has no parent, as SQLite compares: NULL in any column of the key needs none. */
export function hasOrphan(
  path: string,
  db: DatabaseSync,
  child: { readonly table: string; readonly columns: readonly string[] },
  parent: { readonly table: string; readonly columns: readonly string[] },
): boolean {
  const filled = child.columns.map((column) => `c.${ident(column)} IS NOT NULL`).join(' AND ');
  const equal = child.columns.map((column, i) => `p.${ident(parent.columns[i])} = c.${ident(column)}`).join(' AND ');
  return finds(
    path,
    db,
    `SELECT 1 FROM ${ident(child.table)} c WHERE ${filled} AND NOT EXISTS (SELECT 1 FROM ${ident(parent.table)} p WHERE ${equal})`,
  );
}

/**
 * Whether a row breaks a CHECK, which SQLite lets happen when it is told to. The expression is one that the translator
 * has understood as a whole, so it calls no function but harmless ones and reads no other table.
 */
export function breaksCheck(path: string, db: DatabaseSync, table: string, expression: string): boolean {
  // The expression may end in a comment.
  return finds(path, db, `SELECT 1 FROM ${ident(table)} WHERE NOT (${expression}\n)`);
}

function finds(path: string, db: DatabaseSync, select: string): boolean {
  return guarded(path, () => db.prepare(`${select} LIMIT 1`).get() !== undefined);
}
