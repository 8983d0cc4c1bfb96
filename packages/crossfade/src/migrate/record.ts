import { type Sql, join, quoted, sql, trusted } from '../pg/sql.ts';
import type { Direction } from './model.ts';
import type { Tables } from './tables.ts';

/** One row of the history. */
export interface Entry {
  readonly version: bigint;
  readonly name: string;
  readonly direction: Direction | 'force' | 'adopt';
  /** Of the up file; null where nobody knows. */
  readonly sha256: string | null;
  readonly durationMs: number;
  readonly by: string;
  readonly statements: number;
  /** The version afterwards. */
  readonly result: bigint | null;
}

/** Writes the version as golang-migrate does: one row, none for a clean nothing, and -1 for a dirty one. */
export function setVersion({ version: table }: Tables, version: bigint | null, dirty: boolean): Sql {
  const row = version !== null || dirty;
  const insert = sql`INSERT INTO ${table} (version, dirty) VALUES (${number(version ?? -1n)}, ${trusted(String(dirty))})`;
  // DELETE, where golang-migrate has TRUNCATE: readers of the version never wait for us.
  return join([sql`DELETE FROM ${table}`, ...(row ? [insert] : [])], '; ');
}

/** Adds a row to the history. Literals throughout, so that it fits into one message with others. */
export function addEntry({ history }: Tables, entry: Entry): Sql {
  const { version, name, direction, sha256, durationMs, by, statements, result } = entry;
  const values = [
    number(version),
    quoted(name),
    quoted(direction),
    sha256 === null ? trusted('NULL') : quoted(sha256),
    number(BigInt(Math.round(durationMs))),
    quoted(by),
    number(BigInt(statements)),
    result === null ? trusted('NULL') : number(result),
  ];
  return sql`INSERT INTO ${history} (version, name, direction, sha256, duration_ms, applied_by, statements, result) VALUES (${join(values)})`;
}

/** A bigint as SQL. */
export function number(value: bigint): Sql {
  return trusted(String(value));
}
