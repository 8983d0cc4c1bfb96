import { isUtf8 } from 'node:buffer';
import type pg from 'pg';
import { type Row, type RowKey, Tag } from '../core/cell.ts';
import { limits } from '../core/limits.ts';
import type { KnownTags } from '../drivers/sqlite/packed.ts';
import type { Page } from '../drivers/sqlite/page.ts';
import { join, name, qualified, sql } from '../pg/sql.ts';
import type { WithheldCode } from '../schema/infer.ts';
import type { PgType, Rule } from '../schema/model.ts';
import { type Cell, transformOf } from '../schema/values/transform.ts';
import { CopyBuffer, copyHeader, copyTrailer } from '../copy/buffer.ts';
import { encoderFor } from '../copy/encode.ts';
import type { Encode } from '../copy/encoder.ts';
import { copyIn } from '../copy/stream.ts';

/** A table as the loader sees it. Plain data. */
export interface LoadTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly LoadColumn[];
  /** By position in a source row. */
  readonly known: KnownTags;
}

/** A column that COPY writes. */
export interface LoadColumn {
  readonly name: string;
  /** The column's name in the source, for the list of withheld rows. */
  readonly source: string;
  /** Position of the cell in a source row. Generated columns of the target are not among these. */
  readonly position: number;
  readonly type: PgType;
  readonly rules: readonly Rule[];
  /** The profile found values that the type cannot hold, so each one is examined. */
  readonly checked: boolean;
}

/** A row that was not loaded, and the first of its values that could not be held. */
export interface Withheld {
  readonly key: RowKey;
  /** By its name in the source. */
  readonly column: string;
  readonly code: WithheldCode;
}

/** What became of the rows of one chunk; rows and withheld rows add up to the rows read. */
export interface Loaded {
  readonly rows: number;
  /** Values that rules have changed. */
  readonly altered: number;
  readonly withheld: readonly Withheld[];
}

/** Loads one chunk with one COPY, inside the transaction that the caller has begun. */
export async function loadChunk(client: pg.Client, table: LoadTable, pages: Iterable<Page>): Promise<Loaded> {
  const writer = new RowWriter(table);
  const columns = join(table.columns.map((column) => name(column.name)));
  const statement = sql`COPY ${qualified(table.schema, table.name)} (${columns}) FROM STDIN (FORMAT binary)`;
  const counted = await copyIn(client, statement, async (send) => {
    await send([copyHeader]);
    for (const page of pages) {
      page.each((row) => writer.write(row));
      if (writer.out.length >= limits.sendBytes || page.bytes > limits.pageBytes) await send(writer.out.take());
    }
    await send([...writer.out.take(), copyTrailer]);
  });
  if (counted !== writer.rows) throw new Error(`COPY took ${counted} rows of ${writer.rows}`);
  return { rows: writer.rows, altered: writer.altered, withheld: writer.withheld };
}

/** How many values of these rows rules change; nothing is sent. */
export function countAltered(table: LoadTable, pages: Iterable<Page>): number {
  const writer = new RowWriter(table);
  for (const page of pages) {
    page.each((row) => writer.write(row));
    writer.out.take();
  }
  return writer.altered;
}

/** Turns rows into the bytes of COPY; a row with a value that cannot be held is left out whole and remembered. */
class RowWriter {
  readonly out = new CopyBuffer();
  readonly withheld: Withheld[] = [];
  rows = 0;
  altered = 0;
  private readonly fields: readonly Field[];

  constructor(table: LoadTable) {
    this.fields = table.columns.map((column) => fieldOf(column, this.out));
  }

  write(row: Row): void {
    const { out, fields } = this;
    const mark = out.mark();
    const alteredBefore = this.altered;
    out.int16(fields.length);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      const p = field.position;
      if (field.plain ? this.plain(field, row, p) : this.ruled(field, row, p)) continue;
      out.rewind(mark);
      this.altered = alteredBefore;
      this.withheld.push({ key: row.key, column: field.source, code: reasonOf(field, row) });
      return;
    }
    this.rows++;
  }

  private plain(field: Field, row: Row, p: number): boolean {
    if (row.tags[p] !== Tag.null) return field.encode(row.tags[p], row.buffers[p], row.starts[p], row.ends[p]);
    this.out.int32(-1);
    return true;
  }

  /** A column with rules: what they change is counted, and `invalid:null` has the last word. */
  private ruled(field: Field, row: Row, p: number): boolean {
    const { out } = this;
    const cell: Cell = {
      tag: row.tags[p],
      buf: row.buffers[p],
      start: row.starts[p],
      end: row.ends[p],
      altered: false,
    };
    field.transform?.(cell);
    const mark = out.mark();
    if (cell.tag === Tag.null) out.int32(-1);
    else if (!field.encode(cell.tag, cell.buf, cell.start, cell.end)) {
      if (!field.invalidToNull) return false;
      out.rewind(mark);
      out.int32(-1);
      cell.altered = true;
    } else if (field.type === 'bytea' && cell.tag === Tag.text) cell.altered = true;
    if (cell.altered) this.altered++;
    return true;
  }
}

/** Why a value was refused, in the words of the inference. */
function reasonOf({ type, position: p }: Field, row: Row): WithheldCode {
  const bytes = row.buffers[p].subarray(row.starts[p], row.ends[p]);
  if (bytes.length > limits.fieldBytesMax) return 'E_VALUE_TOO_LARGE';
  if (type !== 'text') return 'E_TYPE_UNFIT';
  if (row.tags[p] === Tag.blob) return 'E_BLOB_IN_TEXT';
  return isUtf8(bytes) ? 'E_TEXT_NUL' : 'E_TEXT_ENCODING';
}

interface Field {
  readonly source: string;
  readonly position: number;
  readonly type: PgType;
  readonly encode: Encode;
  readonly plain: boolean;
  readonly transform: ((cell: Cell) => void) | null;
  readonly invalidToNull: boolean;
}

function fieldOf(column: LoadColumn, out: CopyBuffer): Field {
  const transform = transformOf(column.rules);
  const invalidToNull = column.rules.some((rule) => rule.kind === 'invalid');
  return {
    source: column.source,
    position: column.position,
    type: column.type,
    encode: encoderFor(column.type, out, { rules: column.rules, checked: column.checked }),
    // Type rules change no value; but text under bytea is to be counted.
    plain: transform === null && !invalidToNull && column.type !== 'bytea',
    transform,
    invalidToNull,
  };
}
