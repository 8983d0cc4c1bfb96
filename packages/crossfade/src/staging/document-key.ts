import type { DatabaseSync } from 'node:sqlite';
import type { KeyValue, RowKey } from '../core/cell.ts';
import { documentName } from '../drivers/files/file-name.ts';
import { ident } from '../core/sql-text.ts';
import { exactly } from './check.ts';
import type { LaidTable } from './table.ts';

/**
 * The keys of the rows that came from documents of these names. A document that cannot be read has nothing but the name
 * of its file; once it can be, its row has the key that stands in it, or the number of its place.
 */
export function documentKeys(db: DatabaseSync, table: LaidTable, names: ReadonlySet<string>): Map<string, RowKey> {
  const column = table.key ?? table.columns.find(({ member }) => member === null);
  if (column === undefined) return new Map();
  const place = table.key === null ? '_rowid_' : 'NULL';
  const name = ident(column.name);
  const rows = db.prepare(
    `SELECT ${exactly(name)} AS value, ${place} AS place FROM ${ident(table.name)} WHERE ${name} IS NOT NULL`,
  );
  rows.setReadBigInts(true);
  const found = new Map<string, RowKey>();
  const twice = new Set<string>();
  for (const { value, place: number } of rows.iterate()) {
    const key: KeyValue = typeof value === 'bigint' ? value : { text: value as Uint8Array };
    const text = typeof value === 'bigint' ? String(value) : Buffer.from(value as Uint8Array).toString('utf8');
    const called = table.isPlain ? text : documentName([text]);
    if (found.has(called)) twice.add(called);
    if (names.has(called)) found.set(called, typeof number === 'bigint' ? [number] : [key]);
  }
  // Of two records of one name nobody knows which was meant.
  for (const called of twice) found.delete(called);
  return found;
}
