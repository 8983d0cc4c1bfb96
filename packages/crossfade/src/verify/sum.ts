import type { Row, RowKey } from '../core/cell.ts';
import type { Page } from '../drivers/sqlite/page.ts';
import type { Tuple } from './copy-out.ts';
import { drain, type Feed, feedOf } from './feed.ts';
import { SourceRows, TargetRows } from './rows.ts';
import { addRow, emptySums, type Sums } from './sums.ts';
import type { VerifyTable } from './table.ts';

/** Rows of the source that are not expected in the target, by {@link rowKeyText}. */
export type LeftOut = ReadonlySet<string>;

/** A row's key as one string, different for different keys. */
export function rowKeyText(key: RowKey): string {
  return key
    .map((value) =>
      typeof value !== 'object' ? `${value}` : 'text' in value ? `t${hex(value.text)}` : `b${hex(value.blob)}`,
    )
    .join(',');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Sums of some pages of the source. The seed has at least 16 random bytes and is the same for all pieces of both sides. */
export function sumSource(pages: Iterable<Page>, table: VerifyTable, seed: Uint8Array, leaveOut?: LeftOut): Sums {
  const rows = new SourceRows(table, seed);
  const sums = emptySums();
  eachRow(pages, leaveOut, (row) => {
    rows.digest(row);
    addRow(sums, rows.bucket, rows.a, rows.b);
  });
  return sums;
}

/** Calls back for every row but those left out. */
export function eachRow(pages: Iterable<Page>, leaveOut: LeftOut | undefined, visit: (row: Row) => void): void {
  const kept =
    leaveOut === undefined || leaveOut.size === 0
      ? visit
      : (row: Row) => leaveOut.has(rowKeyText(row.key)) || visit(row);
  for (const page of pages) page.each(kept);
}

/** Sums of the output of one `copyOutStatement`. Throws E_TARGET_LOST when the output stops before its trailer. */
export function sumTarget(chunks: AsyncIterable<Buffer>, table: VerifyTable, seed: Uint8Array): Promise<Sums> {
  return drain(chunks, targetSum(table, seed));
}

/** The same for a connection that pushes. */
export function targetSum(table: VerifyTable, seed: Uint8Array): Feed<Sums> {
  const rows = new TargetRows(table, seed);
  const sums = emptySums();
  const visit = (tuple: Tuple): void => {
    rows.digest(tuple);
    addRow(sums, rows.bucket, rows.a, rows.b);
  };
  return feedOf(table.columns.length, visit, () => sums);
}
