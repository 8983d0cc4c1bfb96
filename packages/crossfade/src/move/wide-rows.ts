import { type Row, type RowKey, Tag } from '../core/cell.ts';
import { CrossfadeError } from '../core/errors.ts';
import { displayKey } from '../core/key-text.ts';
import { limits } from '../core/limits.ts';
import type { SourceTable } from '../schema/model.ts';

/** The row that takes most of a page of PostgreSQL, and about how many bytes. */
export interface Widest {
  readonly key: RowKey;
  readonly bytes: number;
}

/** A larger value can be moved out of its row, which keeps a pointer to it. PostgreSQL's heaptoast.c */
const inlineBytesMax = 24;
const pointerBytes = 18;
const headerBytes = 24;
const numberBytes = 8;

/** Whether rows of a table can be too wide at all: nearly no table has so many columns, and the others are not measured. */
export function mayBeTooWide(table: SourceTable): boolean {
  return headerBytes + table.columns.length * inlineBytesMax > limits.rowBytesMax;
}

/** About how many bytes of a page a row takes once what can be moved out of it is moved out. */
export function widthOf(row: Row): number {
  let bytes = headerBytes;
  let hasNull = false;
  for (let i = 0; i < row.tags.length; i++) {
    const [tag, size] = [row.tags[i], row.ends[i] - row.starts[i]];
    if (tag === Tag.null) hasNull = true;
    else if (tag === Tag.integer || tag === Tag.real) bytes += numberBytes;
    else bytes += size < inlineBytesMax ? size + 1 : pointerBytes;
  }
  return hasNull ? bytes + row.tags.length / 8 : bytes;
}

/** The wider of two rows. */
export function wider(a: Widest | null, b: Widest | null): Widest | null {
  return a === null || (b !== null && b.bytes > a.bytes) ? b : a;
}

const advice = 'Split the table in SQLite first, or gather columns in one of JSON; or leave it out with --except.';

/** A word before anything is written: whether the row fits, PostgreSQL alone knows. */
export function wideWarnings(
  profiles: readonly { readonly table: SourceTable; readonly widest: Widest | null }[],
): string[] {
  return profiles.flatMap(({ table, widest }) => {
    if (widest === null || widest.bytes <= limits.rowBytesMax) return [];
    const size = `about ${Math.round(widest.bytes)} bytes of the ${limits.rowBytesMax} that a row of PostgreSQL has`;
    return [
      `Table ${JSON.stringify(table.name)} has ${table.columns.length} columns, and its widest row (${displayKey(widest.key)}) takes ${size}: it will likely be refused. ${advice}`,
    ];
  });
}

/** What PostgreSQL says of a row that does not fit into a page, in words that help; any other error as it is. */
export function tooWide(error: unknown, table: SourceTable, widest: Widest | null): unknown {
  if (widest === null || !(error instanceof CrossfadeError) || error.facts.sqlstate !== '54000') return error;
  const row = displayKey(widest.key);
  return new CrossfadeError(
    'E_TARGET_REFUSED',
    `Table ${table.name} has ${table.columns.length} columns, and its widest row (${row}) does not fit into a page of PostgreSQL, ${limits.rowBytesMax} bytes after large values have been moved out of line. Nothing was published. ${advice}`,
    { table: table.name, row, columns: table.columns.length, sqlstate: '54000' },
  );
}
