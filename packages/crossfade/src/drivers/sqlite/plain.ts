import { type Row, type RowKey, Tag } from '../../core/cell.ts';
import { keyFromCells, type Locator } from './locator.ts';
import { name } from './names.ts';
import type { Page } from './page.ts';
import type { SourceFile } from './open.ts';

/**
 * The plain way out of SQLite: one API value a cell. It is slower than the packed way and reads everything: UTF-16
 * databases, reals of old SQLite versions, and rows with very large cells, whose bytes are handed on without a copy.
 */

/** What the API may return when integers are asked for as bigint; text is always cast to its bytes. */
type ApiValue = null | bigint | number | Uint8Array | string;

/** A function of SQLite takes 127 arguments, where nobody has raised that. */
const tagsPerConcat = 100;

/**
 * The first letters of all storage classes as one text, then each column's value, text as its bytes: SQLite gives 2,000
 * columns a result, and a class beside each value would halve the width of a table.
 */
export function plainColumns(locator: Locator, columns: readonly string[]): string {
  const key = locator.kind === 'rowid' ? [name(locator.column)] : [];
  const tags = columns.map((column) => `substr(typeof(${name(column)}), 1, 1)`);
  const groups: string[] = [];
  for (let i = 0; i < tags.length; i += tagsPerConcat)
    groups.push(`concat('', ${tags.slice(i, i + tagsPerConcat).join(', ')})`);
  return [...key, groups.length === 0 ? "''" : groups.join(' || '), ...columns.map(valueOf)].join(', ');
}

/** `typeof(c), c` for each column of a key. */
export function typedColumns(columns: readonly string[]): string {
  return columns.map((column) => `typeof(${name(column)}), ${valueOf(column)}`).join(', ');
}

/** Text as its bytes: the API would change bad UTF-8 in silence. */
function valueOf(column: string): string {
  return `CASE typeof(${name(column)}) WHEN 'text' THEN CAST(${name(column)} AS BLOB) ELSE ${name(column)} END`;
}

const tagOfLetter: Readonly<Record<string, Tag>> = Object.fromEntries(
  Object.entries(Tag).map(([word, tag]) => [word[0], tag]),
);

/** Rows as the API gave them, in the clothes of a page. */
export class PlainPage implements Page {
  readonly rows: number;
  readonly bytes: number;
  readonly clean = false;
  private read: readonly Row[];

  constructor(read: readonly Row[]) {
    this.read = read;
    this.rows = read.length;
    this.bytes = read.reduce((total, row) => total + row.ends.reduce((sum, end, i) => sum + end - row.starts[i], 0), 0);
  }

  get last(): RowKey {
    return this.read.at(-1)?.key ?? [];
  }

  each(visit: (row: Row) => void): void {
    for (const row of this.read) visit(row);
  }

  release(): void {
    this.read = [];
  }
}

/** One row of {@link plainColumns}, as an array. */
export function plainRow(values: readonly ApiValue[], locator: Locator, encoding: SourceFile['encoding']): Row {
  const at = locator.kind === 'rowid' ? 1 : 0;
  const letters = values[at] as string;
  const row = {
    tags: new Uint8Array(letters.length),
    buffers: new Array<Buffer>(letters.length),
    starts: new Int32Array(letters.length),
    ends: new Int32Array(letters.length),
  };
  for (let i = 0; i < letters.length; i++) {
    const tag = tagOfLetter[letters[i]];
    const bytes = cellBytes(tag, values[at + 1 + i], encoding);
    row.tags[i] = tag;
    row.buffers[i] = bytes;
    row.ends[i] = bytes.length;
  }
  const key: RowKey =
    locator.kind === 'rowid'
      ? [values[0] as bigint]
      : locator.kind === 'key'
        ? keyFromCells(row, locator.positions)
        : [];
  return { ...row, key };
}

function cellBytes(tag: Tag, value: ApiValue, encoding: SourceFile['encoding']): Buffer {
  if (tag === Tag.null) return Buffer.alloc(0);
  if (tag === Tag.integer) return Buffer.from(String(value), 'latin1');
  if (tag === Tag.real) return Buffer.from(realText(value as number), 'latin1');
  return utf8Of(value as Uint8Array, tag === Tag.text ? encoding : 'UTF-8');
}

/** Bytes of a text in the file's encoding, as UTF-8. */
export function utf8Of(bytes: Uint8Array, encoding: SourceFile['encoding']): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === 'UTF-8' ? buffer : utf8From16(buffer, encoding);
}

/**
 * A double in SQLite's style (`2.0`, `1.0e+300`, `Inf`), with the fewest digits that read back as the same double. SQLite
 * sometimes writes more digits for it; and it prints -0.0 as 0.0.
 */
export function realText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0.0';
  const [, sign, lead, rest, exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(
    value.toExponential(),
  ) as unknown as string[];
  const digits = lead + (rest ?? '');
  const power = Number(exponent);
  if (power < -5 || power > 15)
    return `${sign}${lead}.${rest ?? '0'}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0');
  return `${sign}${whole}.${digits.slice(power + 1) || '0'}`;
}

/** Half a surrogate pair becomes its three-byte form, which is not valid UTF-8, so that it is noticed like any other bad byte. */
function utf8From16(bytes: Buffer, encoding: 'UTF-16le' | 'UTF-16be'): Buffer {
  const even = bytes.length & ~1;
  const little = encoding === 'UTF-16le' ? bytes.subarray(0, even) : Buffer.from(bytes.subarray(0, even)).swap16();
  const text = little.toString('utf16le');
  const converted = text.isWellFormed() ? Buffer.from(text, 'utf8') : generalizedUtf8(text);
  return even === bytes.length ? converted : Buffer.concat([converted, Buffer.from([0xff])]);
}

function generalizedUtf8(text: string): Buffer {
  const parts = Array.from(text, (character) => {
    const unit = character.charCodeAt(0);
    const lone = character.length === 1 && unit >= 0xd800 && unit <= 0xdfff;
    return lone
      ? Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)])
      : Buffer.from(character, 'utf8');
  });
  return Buffer.concat(parts);
}
