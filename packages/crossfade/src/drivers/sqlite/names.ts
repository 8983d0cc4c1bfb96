import { ident } from '../../core/sql-text.ts';

/** A name in SQLite's SQL. Its quoting is PostgreSQL's, but it also knows the empty name. */
export function name(text: string): string {
  return text === '' ? '""' : ident(text);
}
