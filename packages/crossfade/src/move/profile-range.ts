import type { KeyRange, RowKey } from '../core/cell.ts';
import { limits } from '../core/limits.ts';
import { CopyBuffer } from '../copy/buffer.ts';
import { encoderFor } from '../copy/encode.ts';
import type { Encode } from '../copy/encoder.ts';
import type { ReadRange, TableReader } from '../drivers/sqlite/reader.ts';
import { Tag, type Row } from '../core/cell.ts';
import { ColumnObserver } from '../schema/evidence.ts';
import type { PgType, Rule } from '../schema/model.ts';
import { showingsOf } from '../schema/values/showings.ts';
import { type Cell, transformOf } from '../schema/values/transform.ts';
import type { Profiled, ProfileColumn } from './tasks.ts';
import { type Widest, widthOf } from './wide-rows.ts';

/** Looks at every value of a range, up to the size of one piece, and says what is left. */
export function profileRange(
  reader: TableReader,
  columns: readonly ProfileColumn[],
  range: KeyRange,
  isWide: boolean,
): Profiled {
  const observers = columns.map((column) => new ProfileObserver(column));
  const large: RowKey[] = [];
  let rows = 0;
  let bytes = 0;
  let widest: Widest | null = null;
  const profiled = (upTo: RowKey | null, rest: KeyRange | null): Profiled => ({
    rows,
    bytes,
    widest,
    evidence: observers.map((observer) => observer.result()),
    range: { after: range.after, upTo, large },
    rest,
  });
  const isFull = () => rows >= limits.pieceRowsMax || bytes >= limits.pieceBytes;
  for (const stride of reader.ahead(range)) {
    for (const page of reader.read(stride)) {
      const { clean } = page;
      page.each((row) => {
        for (let i = 0; i < observers.length; i++) observers[i].observe(row, i, clean);
        if (isWide) widest = widerRow(widest, row);
      });
      rows += page.rows;
      bytes += page.bytes;
      // The keys of large rows belong to whole strides.
      if (stride.large.length === 0 && isFull() && reader.locator.kind !== 'none')
        return profiled(page.last, { after: page.last, upTo: range.upTo });
    }
    for (const key of stride.large) large.push(key);
    if (stride.upTo !== null && isFull()) return profiled(stride.upTo, { after: stride.upTo, upTo: range.upTo });
  }
  return profiled(range.upTo, null);
}

/** The key of a row is read only where it is wider than all before. */
function widerRow(widest: Widest | null, row: Row): Widest {
  const bytes = widthOf(row);
  return widest !== null && widest.bytes >= bytes ? widest : { key: row.key, bytes };
}

/** Cuts one piece off a range without looking at its values; for verification of what was loaded elsewhere. */
export function strideRange(reader: TableReader, range: KeyRange): { piece: ReadRange; rest: KeyRange | null } {
  const large: RowKey[] = [];
  let rows = 0;
  for (const stride of reader.strides(range)) {
    for (const key of stride.large) large.push(key);
    rows += limits.strideRows;
    const { upTo } = stride;
    if (upTo !== null && rows >= limits.pieceRowsMax)
      return { piece: { after: range.after, upTo, large }, rest: { after: upTo, upTo: range.upTo } };
  }
  return { piece: { after: range.after, upTo: range.upTo, large }, rest: null };
}

/** A column's observer behind the column's rules, with the test of the type that was ordered for it. */
class ProfileObserver {
  private readonly observer = new ColumnObserver();
  private readonly transform: ((cell: Cell) => void) | null;
  private readonly ordered: { readonly fits: Encode; readonly scratch: CopyBuffer } | null;
  private readonly showings: ((cell: Cell) => number) | null;

  constructor(column: ProfileColumn) {
    this.transform = transformOf(column.rules);
    this.showings = column.ordered === 'timestamptz' ? showingsOf(column.rules) : null;
    this.ordered = column.ordered === null ? null : tried(column.ordered, column.rules);
  }

  observe(row: Row, i: number, clean: boolean): void {
    if (this.transform === null && this.ordered === null) {
      return this.observer.observe(row.tags[i], row.buffers[i], row.starts[i], row.ends[i], clean, row);
    }
    const cell: Cell = {
      tag: row.tags[i],
      buf: row.buffers[i],
      start: row.starts[i],
      end: row.ends[i],
      altered: false,
    };
    this.transform?.(cell);
    this.observer.observe(cell.tag, cell.buf, cell.start, cell.end, clean && !cell.altered, row);
    if (this.ordered === null || cell.tag === Tag.null) return;
    const { fits, scratch } = this.ordered;
    const mark = scratch.mark();
    if (!fits(cell.tag, cell.buf, cell.start, cell.end)) this.observer.add('unfit', row);
    scratch.rewind(mark);
    const showings = this.showings === null ? 1 : this.showings(cell);
    if (showings !== 1) this.observer.add(showings === 0 ? 'clockSkipped' : 'clockTwice', row);
  }

  result() {
    return this.observer.result();
  }
}

function tried(type: PgType, rules: readonly Rule[]): { fits: Encode; scratch: CopyBuffer } {
  const scratch = new CopyBuffer();
  return { fits: encoderFor(type, scratch, { rules, checked: true }), scratch };
}
