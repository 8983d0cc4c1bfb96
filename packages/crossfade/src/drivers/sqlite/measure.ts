import type { DatabaseSync } from 'node:sqlite';
import { name } from './names.ts';

/** What SQLite says of a table without looking at its values. */
export interface TableSize {
  readonly rows: number;
  /** The bytes of the largest row; Infinity where nobody can tell. */
  readonly largestRowBytes: number;
}

/**
 * Counts the rows in the table itself and not in an index, which a damaged file may have in another state; from the
 * headers of the b-tree's pages, where SQLite was built with dbstat: a quarter of the time that asking every cell takes.
 * A cell of a leaf is a row; without rowids the inner pages hold rows too. sqlite.org/dbstat.html
 */
export function measureTable(db: DatabaseSync, table: string, hasRowids: boolean): TableSize {
  try {
    const counted = hasRowids ? `sum(ncell) FILTER (WHERE pagetype = 'leaf')` : 'sum(ncell)';
    const found = db
      .prepare(`SELECT ${counted} AS rows, max(mx_payload) AS bytes FROM dbstat('main') WHERE name = ?`)
      .get(table);
    if (typeof found?.rows === 'number') return { rows: found.rows, largestRowBytes: Number(found.bytes) };
  } catch {
    // Without dbstat, or with damage that counting tells in better words.
  }
  const counted = db.prepare(`SELECT count(*) AS rows FROM main.${name(table)} NOT INDEXED`).get();
  return { rows: Number(counted?.rows), largestRowBytes: Number.POSITIVE_INFINITY };
}

/** The bytes of the largest row alone; Infinity where nobody can tell. */
export function largestRow(db: DatabaseSync, table: string): number {
  try {
    const found = db.prepare('SELECT mx_payload AS bytes FROM dbstat WHERE name = ? AND aggregate = TRUE').get(table);
    return Number(found?.bytes ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
