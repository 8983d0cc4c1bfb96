import { isUtf8 } from 'node:buffer';
import { type Row, type RowKey, Tag } from '../../core/cell.ts';
import { wideInteger } from '../../schema/values/scalar.ts';
import type { SourceColumn } from '../../schema/model.ts';
import { keyFromCells, type Locator } from './locator.ts';
import { name } from './names.ts';
import type { Page } from './page.ts';

/**
 * The fast way out of SQLite: many rows packed into one BLOB by SQLite itself, so that one call of the API brings a
 * hundred rows and no value becomes a JavaScript object. It needs a UTF-8 database and a SQLite that prints reals exactly.
 *
 * A row is `rowid:`, then its values, then `;`. A value is its typeof, its length, a colon and its bytes. A number of a
 * column that is declared as one has neither length nor colon and ends with the first byte that belongs to no number:
 * asking SQLite for its length would make it print the number twice. Where the storage class is known, typeof is left
 * out, and a number ends with `;`.
 */

/** SQLite takes 127 arguments a function by default; each value uses up to four. */
const valuesPerConcat = 30;

/** A guess from the declared type, which decides the form and never the tag: a wrong one costs time. */
const numberLike = /int|real|floa|doub|bool|num|dec/i;

/** A storage class per column that the caller knows all of its values to have, but for NULL; null where it does not. */
export type KnownTags = readonly (Tag | null)[];

/**
 * The SQL expression that packs one row: the rowid where there is one, then each column.
 *
 * Each call begins with a constant that adds nothing. SQLite 3.53 looks for constants among the first 32 arguments to
 * decide whether the registers of a call are its own, and computes constants behind them once all the same: where they
 * are the only ones, another call overwrites them.
 */
export function packExpression(locator: Locator, columns: readonly SourceColumn[], known: KnownTags): string {
  // A number without its length would run into the length that begins a value of a known column.
  const isTagged = known.every((tag) => tag === null);
  const values = columns.map((column, i) => packValue(column, known[i], isTagged && numberLike.test(column.declared)));
  if (locator.kind === 'rowid') values.unshift(`${name(locator.column)}, ':'`);
  values.push(`';'`);
  const groups: string[] = [];
  for (let i = 0; i < values.length; i += valuesPerConcat)
    groups.push(`concat('', ${values.slice(i, i + valuesPerConcat).join(', ')})`);
  return groups.length === 1 ? groups[0] : groups.reduce((left, right) => `${left} || ${right}`);
}

function packValue({ name: column }: SourceColumn, known: Tag | null, isNumberLike: boolean): string {
  const value = name(column);
  // NULL adds nothing to a concat, and is told by what is missing: the number, or the length.
  if (known === Tag.integer || known === Tag.real) return `${value}, ';'`;
  if (known !== null) return `octet_length(${value}), ':', ${value}`;
  if (!isNumberLike) return `typeof(${value}), octet_length(${value}), ':', ${value}`;
  // Without its affinity and collation the column is below every text exactly when it holds a number.
  return `typeof(${value}), CASE WHEN (+${value} COLLATE BINARY) < '' THEN '' ELSE octet_length(${value}) || ':' END, ${value}`;
}

const colon = 0x3a;
const semicolon = 0x3b;
/** By the first letter of typeof: its tag, and how many letters follow. */
const tagOf = new Uint8Array(128);
const lettersOf = new Uint8Array(128);
for (const [word, tag] of Object.entries(Tag)) {
  tagOf[word.charCodeAt(0)] = tag;
  lettersOf[word.charCodeAt(0)] = word.length;
}

/** What numbers are printed with, but for Inf. */
const inNumber = new Uint8Array(256);
for (const character of '0123456789+-.e') inNumber[character.charCodeAt(0)] = 1;

/** Walks a packed BLOB. The row it shows is one object whose fields change. */
export class PackedPage implements Page {
  readonly bytes: number;
  readonly rows: number;
  private readonly packed: Buffer;
  private readonly row: PackedRow;
  /** Whether `row` is the last one. */
  private isWalked = false;

  constructor(packed: Uint8Array, rows: number, locator: Locator, known: KnownTags) {
    this.packed = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    this.bytes = packed.byteLength;
    this.rows = rows;
    this.row = new PackedRow(this.packed, locator, known);
  }

  get last(): RowKey {
    if (!this.isWalked) this.each(() => undefined);
    return this.row.key;
  }

  /** The bytes between values are ASCII, so the whole is valid UTF-8 exactly when every part is. */
  get clean(): boolean {
    return isUtf8(this.packed) && !this.packed.includes(0);
  }

  each(visit: (row: Row) => void): void {
    let pos = 0;
    this.isWalked = false;
    for (let i = 0; i < this.rows; i++) {
      pos = this.row.readAt(pos);
      visit(this.row);
    }
    this.isWalked = true;
    // A page that does not end where its rows end has been misread: stop before anything is believed.
    if (pos !== this.packed.length) throw new Error(`packed page of ${this.packed.length} bytes ended at ${pos}`);
  }

  /** Frees the bytes now: left to V8, pages that lie outside its heap make it collect the whole heap every few hundred. */
  release(): void {
    (this.packed.buffer as ArrayBuffer).transfer(0);
  }
}

class PackedRow implements Row {
  readonly tags: Uint8Array;
  readonly buffers: Buffer[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly packed: Buffer;
  private readonly locator: Locator;
  private readonly known: KnownTags;
  private rowidStart = 0;
  private rowidEnd = 0;

  constructor(packed: Buffer, locator: Locator, known: KnownTags) {
    this.packed = packed;
    this.locator = locator;
    this.known = known;
    this.tags = new Uint8Array(known.length);
    this.buffers = new Array<Buffer>(known.length).fill(packed);
    this.starts = new Int32Array(known.length);
    this.ends = new Int32Array(known.length);
  }

  get key(): RowKey {
    if (this.locator.kind === 'rowid') return [wideInteger(this.packed, this.rowidStart, this.rowidEnd)];
    return this.locator.kind === 'key' ? keyFromCells(this, this.locator.positions) : [];
  }

  /** Reads the row that begins at `pos`; returns where the next one begins. */
  readAt(pos: number): number {
    const { packed, tags, known } = this;
    let p = pos;
    if (this.locator.kind === 'rowid') {
      this.rowidStart = p;
      while (p < packed.length && packed[p] !== colon) p++;
      this.rowidEnd = p++;
    }
    for (let i = 0; i < tags.length; i++) {
      const tag = known[i];
      if (tag === null) p = this.readTagged(i, p);
      else if (tag === Tag.integer || tag === Tag.real) p = this.readNumber(i, p, tag);
      else p = this.readSized(i, p, tag);
    }
    if (packed[p] !== semicolon) throw misread(p);
    return p + 1;
  }

  /** `typeof length : bytes`, or `typeof number`. */
  private readTagged(i: number, pos: number): number {
    const { packed, starts, ends } = this;
    const letter = packed[pos] & 0x7f;
    const tag = tagOf[letter];
    this.tags[i] = tag;
    const first = pos + lettersOf[letter];
    let p = first;
    let length = 0;
    let digit = packed[p];
    for (; digit >= 0x30 && digit <= 0x39; digit = packed[++p]) length = length * 10 + (digit - 0x30);
    if (digit === colon) {
      starts[i] = p + 1;
      return (ends[i] = p + 1 + length);
    }
    if (tag === Tag.integer || tag === Tag.real) p = endOfNumber(packed, p);
    else if (tag !== Tag.null || p !== first) throw misread(p);
    starts[i] = first;
    return (ends[i] = p);
  }

  /** `number ;`, without the number for NULL. */
  private readNumber(i: number, pos: number, tag: Tag): number {
    const end = endOfNumber(this.packed, pos);
    if (this.packed[end] !== semicolon) throw misread(end);
    this.tags[i] = end === pos ? Tag.null : tag;
    this.starts[i] = pos;
    this.ends[i] = end;
    return end + 1;
  }

  /** `length : bytes`, without the length for NULL. */
  private readSized(i: number, pos: number, tag: Tag): number {
    const { packed } = this;
    let p = pos;
    let length = 0;
    let digit = packed[p];
    for (; digit >= 0x30 && digit <= 0x39; digit = packed[++p]) length = length * 10 + (digit - 0x30);
    if (digit !== colon) throw misread(p);
    this.tags[i] = p === pos ? Tag.null : tag;
    this.starts[i] = p + 1;
    return (this.ends[i] = p + 1 + length);
  }
}

function endOfNumber(packed: Buffer, from: number): number {
  let p = from;
  while (inNumber[packed[p]] === 1) p++;
  return packed[p] === 0x49 ? p + 'Inf'.length : p;
}

function misread(at: number): Error {
  return new Error(`packed page misread at ${at}`);
}
