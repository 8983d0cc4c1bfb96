import type { Cursor } from './cursor.ts';

/**
 * The declared type as written, '' when there is none: words and quoted names, and then at most one parenthesis.
 * `GENERATED ALWAYS` is not reserved, so SQLite itself takes it for a part of the type and cuts it off again.
 */
export function readTypeName(cursor: Cursor): string {
  const first = cursor.token;
  let end = first.start;
  while (cursor.atName && !cursor.isWord('GENERATED', 'ALWAYS', 'AS')) {
    end = cursor.advance().end;
  }
  if (end > first.start && cursor.isOp('(')) {
    cursor.skipParentheses();
    end = cursor.last.end;
    // SQLite's own grammar ends here; other tools write `VARCHAR(255) UNSIGNED`.
    while (cursor.atFreeWord && !cursor.isWord('GENERATED', 'ALWAYS', 'AS')) end = cursor.advance().end;
  }
  const alone = first.end === end && (first.kind === 'name' || first.kind === 'string');
  return alone ? first.text : cursor.sql.slice(first.start, end);
}
