import type { SourceCheck } from '../model.ts';
import type { Cursor } from './cursor.ts';
import type { KeyColumn } from './ddl.ts';

/** `ON CONFLICT how`: what SQLite does to a refused row. PostgreSQL always aborts the statement, which is the default there too. */
export function acceptConflictClause(cursor: Cursor): void {
  if (cursor.acceptWords('ON', 'CONFLICT')) cursor.expectName();
}

/** Reads the parenthesis behind CHECK; its text is sliced out of the source, never printed anew. */
export function readCheck(cursor: Cursor, name: string | null): SourceCheck {
  return { name, expression: readParenthesised(cursor) };
}

/**
 * What stands between parentheses, exactly as written. It is not parsed here, so that an expression in a form that is
 * not known costs its own translation and not the whole table.
 */
export function readParenthesised(cursor: Cursor): string {
  if (!cursor.isOp('(')) cursor.fail('( is missing');
  const { start } = cursor.peek();
  cursor.skipParentheses();
  const { end } = cursor.peek(-2);
  if (end <= start) cursor.fail('the parentheses are empty');
  return cursor.sql.slice(start, end);
}

/** The column list of PRIMARY KEY or UNIQUE. AUTOINCREMENT may stand before its closing parenthesis. */
export function readKeyColumns(cursor: Cursor): { columns: KeyColumn[]; autoincrement: boolean } {
  let autoincrement = false;
  const columns = cursor.list(() => {
    const column = cursor.expectName();
    const collation = cursor.acceptWords('COLLATE') ? cursor.expectName() : null;
    const descending = readDirection(cursor);
    autoincrement ||= cursor.acceptWords('AUTOINCREMENT');
    return { column, collation, descending };
  });
  return { columns, autoincrement };
}

/** `[ASC|DESC] [NULLS FIRST|LAST]`; SQLite accepts the NULLS clause of an index only where it says what is so anyway. */
export function readDirection(cursor: Cursor): boolean {
  const descending = cursor.acceptWords('DESC');
  if (!descending) cursor.acceptWords('ASC');
  if (!cursor.acceptWords('NULLS', 'FIRST')) cursor.acceptWords('NULLS', 'LAST');
  return descending;
}
