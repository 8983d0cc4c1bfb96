import { type Row, Tag } from '../core/cell.ts';
import type { Page } from '../drivers/sqlite/page.ts';
import type { Tuple } from './copy-out.ts';
import { drain, type Feed, feedOf } from './feed.ts';
import { type RowDigester, SourceRows, TargetRows } from './rows.ts';
import { showCell } from './show.ts';
import { eachRow, type LeftOut } from './sum.ts';
import { bucketCount } from './sums.ts';
import type { VerifyTable } from './table.ts';

/** Equal rows with equal keys, once. */
export interface CollectedRow {
  /** The digest of the key; of the row in a table without one. */
  readonly keyA: number;
  readonly keyB: number;
  readonly a: number;
  readonly b: number;
  count: number;
  /** The values of the key in plain, which are not for every eye. A row of the source without a key is named by its rowid. */
  readonly key: readonly string[];
  /** Three words a column. */
  readonly values: Int32Array;
}

/** The rows of one side in the buckets that differ. Plain data, so that a worker can hand it over. */
export interface Collected {
  readonly rows: CollectedRow[];
  /**
   * Rows are kept whose key digest's second word, unsigned, is below this. It falls from 2^32 when there are more rows
   * than the limit: both sides still keep the rows of the same keys, so what is kept can be paired.
   */
  readonly below: number;
}

const everything = 0x1_0000_0000;

class Collector {
  private below = everything;
  private readonly kept = new Map<string, CollectedRow>();
  private readonly wanted = new Uint8Array(bucketCount);
  private readonly limitRows: number;

  constructor(buckets: readonly number[], limitRows: number) {
    for (const bucket of buckets) this.wanted[bucket] = 1;
    this.limitRows = limitRows;
  }

  wants(rows: RowDigester): boolean {
    return this.wanted[rows.bucket] === 1 && rows.keyB >>> 0 < this.below;
  }

  add(rows: RowDigester, count: number, showKey: () => string[]): void {
    const { keyA, keyB, a, b } = rows;
    this.keep({ keyA, keyB, a, b, count, key: [], values: rows.d.out }, (row) => ({
      ...row,
      key: showKey(),
      values: row.values.slice(),
    }));
  }

  /** A row that another worker has collected. */
  addCollected(row: CollectedRow): void {
    if (row.keyB >>> 0 < this.below) this.keep(row, (kept) => ({ ...kept }));
  }

  lower(below: number): void {
    this.below = Math.min(this.below, below);
    for (const [id, row] of this.kept) if (row.keyB >>> 0 >= this.below) this.kept.delete(id);
  }

  private keep(row: CollectedRow, copy: (row: CollectedRow) => CollectedRow): void {
    const id = `${row.keyA},${row.keyB},${row.a},${row.b}`;
    const known = this.kept.get(id);
    if (known) known.count += row.count;
    else this.kept.set(id, copy(row));
    while (this.kept.size > this.limitRows) this.lower(Math.floor(this.below / 2));
  }

  result(): Collected {
    return { rows: [...this.kept.values()], below: this.below };
  }
}

/** The second look at some pages of the source: the rows of the buckets that differ, at most `limitRows` different ones. */
export function collectSource(
  pages: Iterable<Page>,
  table: VerifyTable,
  seed: Uint8Array,
  buckets: readonly number[],
  limitRows: number,
  leaveOut?: LeftOut,
): Collected {
  const rows = new SourceRows(table, seed);
  const collector = new Collector(buckets, limitRows);
  eachRow(pages, leaveOut, (row) => {
    rows.digest(row);
    if (collector.wants(rows)) collector.add(rows, 1, () => sourceKey(table, rows, row));
  });
  return collector.result();
}

function sourceKey(table: VerifyTable, rows: SourceRows, row: Row): string[] {
  if (table.key.length > 0) {
    return table.key.map((i) =>
      row.tags[i] === Tag.null
        ? 'NULL'
        : showCell(row.tags[i] === Tag.blob, rows.viewOf(row.buffers[i]), row.starts[i], row.ends[i]),
    );
  }
  return row.key.map((value) => {
    if (typeof value !== 'object') return String(value);
    const bytes = 'text' in value ? value.text : value.blob;
    return showCell(
      'blob' in value,
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      0,
      bytes.byteLength,
    );
  });
}

/** The same for the output of one `copyOutStatement`. Throws E_TARGET_LOST when the output stops before its trailer. */
export function collectTarget(
  chunks: AsyncIterable<Buffer>,
  table: VerifyTable,
  seed: Uint8Array,
  buckets: readonly number[],
  limitRows: number,
): Promise<Collected> {
  return drain(chunks, targetCollection(table, seed, buckets, limitRows));
}

/** The same for a connection that pushes. */
export function targetCollection(
  table: VerifyTable,
  seed: Uint8Array,
  buckets: readonly number[],
  limitRows: number,
): Feed<Collected> {
  const rows = new TargetRows(table, seed);
  const collector = new Collector(buckets, limitRows);
  const visit = (tuple: Tuple): void => {
    rows.digest(tuple);
    if (collector.wants(rows)) collector.add(rows, 1, () => targetKey(table, rows, tuple));
  };
  return feedOf(table.columns.length, visit, () => collector.result());
}

function targetKey(table: VerifyTable, rows: TargetRows, { view, starts, ends }: Tuple): string[] {
  return table.key.map((i) => (starts[i] < 0 ? 'NULL' : rows.readers[i].show(view, starts[i], ends[i])));
}

/** What workers have collected of one side, as if one had. */
export function mergeCollected(pieces: readonly Collected[], limitRows: number): Collected {
  const collector = new Collector([], limitRows);
  for (const piece of pieces) collector.lower(piece.below);
  for (const piece of pieces) for (const row of piece.rows) collector.addCollected(row);
  return collector.result();
}
