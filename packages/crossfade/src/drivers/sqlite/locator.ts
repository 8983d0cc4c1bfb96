import { type KeyRange, type KeyValue, type Row, type RowKey, Tag } from '../../core/cell.ts';
import { ascii, realValue } from '../../schema/values/scalar.ts';
import type { SourceTable } from '../../schema/model.ts';
import { bindable } from './bindable.ts';
import { name } from './names.ts';
import type { SourceFile } from './open.ts';

/**
 * How the rows of a table are named, ordered and cut into ranges: by rowid, or by the primary key of a WITHOUT ROWID
 * table. A table whose columns take all three names of the rowid has neither and is read in one go.
 */
export type Locator =
  | { readonly kind: 'rowid'; readonly column: string }
  | {
      readonly kind: 'key';
      readonly columns: readonly string[];
      readonly positions: readonly number[];
      readonly encoding: SourceFile['encoding'];
    }
  | { readonly kind: 'none' };

const rowidNames = ['rowid', '_rowid_', 'oid'];

/** The rowid where there is one; its alias is preferred, because nothing can hide it. */
export function locatorOf(table: SourceTable, encoding: SourceFile['encoding'] = 'UTF-8'): Locator {
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  if (table.withoutRowid) {
    const positions = table.primaryKey.map((key) => table.columns.findIndex((column) => column.name === key));
    return { kind: 'key', columns: table.primaryKey, positions, encoding };
  }
  const column = table.rowidAlias ?? rowidNames.find((candidate) => !taken.has(candidate));
  return column === undefined ? { kind: 'none' } : { kind: 'rowid', column };
}

/** A condition on the key with the values to bind. */
export interface KeyCondition {
  readonly where: string;
  readonly values: readonly SqliteValue[];
}

/** The condition of a range. Text is bound as its bytes, because it may not be valid UTF-8. */
export function inRange(locator: Locator, range: KeyRange): KeyCondition {
  return conditions(locator, [
    ['>', range.after],
    ['<=', range.upTo],
  ]);
}

/** The condition of the rows of a range that come before a row. */
export function inRangeBefore(locator: Locator, after: RowKey | null, before: RowKey): KeyCondition {
  return conditions(locator, [
    ['>', after],
    ['<', before],
  ]);
}

/** The condition of one row. */
export function isRow(locator: Locator, key: RowKey): KeyCondition {
  return conditions(locator, [['=', key]]);
}

/** The columns of the key, quoted and joined; '' where there is none. */
export function keyList(locator: Locator): string {
  if (locator.kind === 'none') return '';
  return (locator.kind === 'rowid' ? [locator.column] : locator.columns).map(name).join(', ');
}

function conditions(
  locator: Locator,
  sides: readonly (readonly [operator: string, key: RowKey | null])[],
): KeyCondition {
  const bounds = sides.flatMap(([operator, key]) => (key === null ? [] : [{ operator, key }]));
  const where = bounds.map(
    ({ operator, key }) =>
      `(${keyList(locator)}) ${operator} (${key.map((value) => placeholder(value, locator)).join(', ')})`,
  );
  return {
    where: where.join(' AND ') || '1',
    values: bounds.flatMap(({ key }) => key.map((value) => bound(value, locator))),
  };
}

/** What a key binds as; text goes as bytes. */
export type SqliteValue = bigint | number | Uint8Array;

function placeholder(value: KeyValue, locator: Locator): string {
  return typeof value === 'object' && 'text' in value ? textOfBytes(locator) : '?';
}

/**
 * SQL that makes text of bound bytes. Older SQLite takes a bound blob for UTF-8 in every file, and a blob that a function
 * has given for what it is: text in the file's own encoding. Of no bytes that function makes NULL.
 */
function textOfBytes(locator: Locator): string {
  return locator.kind !== 'key' || locator.encoding === 'UTF-8'
    ? 'CAST(? AS TEXT)'
    : "CAST(coalesce(substr(?, 1), '') AS TEXT)";
}

/** Text of a key is kept in UTF-8; a cast takes it for text in the file's own encoding. */
function bound(value: KeyValue, locator: Locator): SqliteValue {
  if (typeof value !== 'object') return value;
  if (!('text' in value)) return bindable(value.blob);
  if (locator.kind !== 'key' || locator.encoding === 'UTF-8') return bindable(value.text);
  const utf16 = Buffer.from(Buffer.from(value.text).toString('utf8'), 'utf16le');
  return bindable(locator.encoding === 'UTF-16le' ? utf16 : utf16.swap16());
}

/** The key of a WITHOUT ROWID row out of its own cells; copied, for the row's buffers are reused. */
export function keyFromCells(row: Omit<Row, 'key'>, positions: readonly number[]): RowKey {
  return positions.map((i) => keyValue(row.tags[i], row.buffers[i], row.starts[i], row.ends[i]));
}

function keyValue(tag: number, buf: Buffer, start: number, end: number): KeyValue {
  if (tag === Tag.integer) return BigInt(ascii(buf, start, end));
  if (tag === Tag.real) return realValue(buf, start, end);
  const bytes = Uint8Array.prototype.slice.call(buf, start, end);
  return tag === Tag.text ? { text: bytes } : { blob: bytes };
}
