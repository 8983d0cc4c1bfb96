import { isUtf8 } from 'node:buffer';
import { type Row, type RowKey, Tag } from '../../core/cell.ts';
import { wideInteger } from '../../schema/values/scalar.ts';
import { keyFromCells, type Locator } from './locator.ts';
import { name } from './names.ts';
import type { Page } from './page.ts';

/**
 * The fast way out of SQLite: many rows packed into one BLOB by SQLite itself, `typeof, length, colon, bytes` a value,
 * so that one call of the API brings a thousand rows and no value becomes a JavaScript object. It needs a UTF-8 database
 * and a SQLite that prints reals exactly.
 */

/** SQLite takes 127 arguments a function by default; each value uses four. */
const valuesPerConcat = 30;

/** The SQL expression that packs one row: the rowid where there is one, then each column. */
export function packExpression(locator: Locator, columns: readonly string[]): string {
  const values = columns.map(
    (column) => `typeof(${name(column)}), octet_length(${name(column)}), ':', ${name(column)}`,
  );
  if (locator.kind === 'rowid') values.unshift(`${name(locator.column)}, ':'`);
  const groups: string[] = [];
  for (let i = 0; i < values.length; i += valuesPerConcat)
    groups.push(`concat(${values.slice(i, i + valuesPerConcat).join(', ')})`);
  return groups.length === 1 ? groups[0] : groups.reduce((left, right) => `${left} || ${right}`);
}

const colon = 0x3a;
/** By the first letter of typeof: its tag, and how many letters follow. */
const tagOf = new Uint8Array(128);
const lettersOf = new Uint8Array(128);
for (const [word, tag] of Object.entries(Tag)) {
  tagOf[word.charCodeAt(0)] = tag;
  lettersOf[word.charCodeAt(0)] = word.length;
}

/** Walks a packed BLOB. The row it shows is one object whose fields change. */
export class PackedPage implements Page {
  readonly bytes: number;
  readonly rows: number;
  private readonly packed: Buffer;
  private readonly row: PackedRow;

  constructor(packed: Uint8Array, rows: number, locator: Locator, columnCount: number) {
    this.packed = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    this.bytes = packed.byteLength;
    this.rows = rows;
    this.row = new PackedRow(this.packed, locator, columnCount);
  }

  /** The bytes between values are ASCII, so the whole is valid UTF-8 exactly when every part is. */
  get clean(): boolean {
    return isUtf8(this.packed) && !this.packed.includes(0);
  }

  each(visit: (row: Row) => void): void {
    let pos = 0;
    for (let i = 0; i < this.rows; i++) {
      pos = this.row.readAt(pos);
      visit(this.row);
    }
    // A page that does not end where its rows end has been misread: stop before anything is believed.
    if (pos !== this.packed.length) throw new Error(`packed page of ${this.packed.length} bytes ended at ${pos}`);
  }
}

class PackedRow implements Row {
  readonly tags: Uint8Array;
  readonly buffers: Buffer[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly packed: Buffer;
  private readonly locator: Locator;
  private rowidStart = 0;
  private rowidEnd = 0;

  constructor(packed: Buffer, locator: Locator, columnCount: number) {
    this.packed = packed;
    this.locator = locator;
    this.tags = new Uint8Array(columnCount);
    this.buffers = new Array<Buffer>(columnCount).fill(packed);
    this.starts = new Int32Array(columnCount);
    this.ends = new Int32Array(columnCount);
  }

  get key(): RowKey {
    if (this.locator.kind === 'rowid') return [wideInteger(this.packed, this.rowidStart, this.rowidEnd)];
    return this.locator.kind === 'key' ? keyFromCells(this, this.locator.positions) : [];
  }

  /** Reads the row that begins at `pos`; returns where the next one begins. */
  readAt(pos: number): number {
    const { packed, tags, starts, ends } = this;
    let p = pos;
    if (this.locator.kind === 'rowid') {
      this.rowidStart = p;
      while (p < packed.length && packed[p] !== colon) p++;
      this.rowidEnd = p++;
    }
    for (let i = 0; i < tags.length; i++) {
      const letter = packed[p] & 0x7f;
      tags[i] = tagOf[letter];
      p += lettersOf[letter];
      let length = 0;
      let digit = packed[p++];
      for (; digit >= 0x30 && digit <= 0x39; digit = packed[p++]) length = length * 10 + (digit - 0x30);
      if (digit !== colon) throw new Error(`packed page misread at ${p}`);
      starts[i] = p;
      p += length;
      ends[i] = p;
    }
    return p;
  }
}
