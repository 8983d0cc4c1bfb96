import type { DesignLog, Draft } from './draft.ts';
import type { SourceColumn, SourceTable } from './model.ts';
import { foldName } from './sqlite/sqlite.ts';

/** How text compares in SQLite under its own collations, and how to ask for the same in PostgreSQL. */
const meanings: Readonly<Record<string, string>> = {
  NOCASE: 'regardless of the case of A to Z; compare lower() of both sides there, and index that',
  RTRIM: 'regardless of spaces at the end; compare rtrim() of both sides there, and index that',
};

/**
 * A column's own collation decides what its queries find, and an index is the only thing in which it comes over. Where
 * there is none, it would be gone without a word: one sentence a column.
 */
export function noteCollations({ source, columns, wishes }: Draft, log: DesignLog): void {
  // A table that was there compares as whoever made it wanted.
  if (wishes.exists) return;
  for (const { source: column, type } of columns) {
    const collation = foldName(column.collation).toUpperCase();
    if (type !== 'text' || collation === 'BINARY' || isIndexed(source, column)) continue;
    const meaning = meanings[collation] ?? "as the application's own code says, which nobody else can run";
    log.warnings.push(
      `Column ${JSON.stringify(`${source.name}.${column.name}`)} compares by ${collation} in SQLite, and exactly in PostgreSQL: its own collation was not moved. SQLite compares it ${meaning}.`,
    );
  }
}

function isIndexed({ indexes }: SourceTable, { name, collation }: SourceColumn): boolean {
  return indexes.some(({ parts }) =>
    parts.some((part) => part.column === name && foldName(part.collation) === foldName(collation)),
  );
}
