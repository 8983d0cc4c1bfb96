import { ident } from '../../core/sql-text.ts';

/** A name in SQLite's SQL. Its quoting is PostgreSQL's, but it also knows the empty name. */
export function name(text: string): string {
  return text === '' ? '""' : ident(text);
}

/** Text as a literal of SQLite, where a backslash is a character like any other; for triggers, which take no parameters. */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new TypeError('An SQL literal cannot hold NUL.');
  return `'${text.replaceAll("'", "''")}'`;
}
