import type { Row, RowKey } from '../core/cell.ts';
import type { Page } from '../drivers/sqlite/page.ts';
import { CopyOutReader } from './copy-out.ts';
import { SourceRows, TargetRows } from './rows.ts';
import { addRow, emptySums, type Sums } from './sums.ts';
import type { VerifyTable } from './table.ts';

/** Rows of the source that are not expected in the target, by {@link rowKeyText}. */
export type LeftOut = ReadonlySet<string>;

/** A row's key as one string, different for different keys. */
export function rowKeyText(key: RowKey): string {
  return key.map((value) => (typeof value !== 'object' ? `${value}` : 'text' in value ? `t${hex(value.text)}` : `b${hex(value.blob)}`)).join(',');
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
  const kept = leaveOut === undefined || leaveOut.size === 0 ? visit : (row: Row) => leaveOut.has(rowKeyText(row.key)) || visit(row);
  for (const page of pages) page.each(kept as (row: Row) => void);
}

/** Sums of the output of one `copyOutStatement`. Throws E_TARGET_LOST when the output stops before its trailer. */
export async function sumTarget(chunks: AsyncIterable<Buffer>, table: VerifyTable, seed: Uint8Array): Promise<Sums> {
  const summing = targetSum(table, seed);
  for await (const chunk of chunks) summing.push(chunk);
  return summing.end();
}

/** The same for a connection that pushes: an await for each of many small pieces would cost more than the pieces. */
export function targetSum(table: VerifyTable, seed: Uint8Array): { push(chunk: Buffer): void; end(): Sums } {
  const rows = new TargetRows(table, seed);
  const sums = emptySums();
  const reader = new CopyOutReader(table.columns.length, (tuple) => {
    rows.digest(tuple);
    addRow(sums, rows.bucket, rows.a, rows.b);
  });
  return {
    push: (chunk) => reader.push(chunk),
    end: () => {
      reader.end();
      return sums;
    },
  };
}
