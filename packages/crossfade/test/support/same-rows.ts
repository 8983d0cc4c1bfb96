import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import type { TestDatabase } from '../harness/postgres.ts';

/** What of a source is compared, and with what. */
export interface Sameness {
  readonly schema?: string;
  /** Source tables that are not looked at. */
  readonly except?: readonly string[];
  /** Rows that are known to be withheld: a condition in SQLite's SQL that the others fulfil. */
  readonly where?: Readonly<Record<string, string>>;
}

/**
 * Holds every row of a source against the target, both read in plain SQL: by a reader of its own that shares nothing
 * with the product, which could otherwise be wrong twice in the same way.
 */
export async function expectSameRows(source: string, database: TestDatabase, options: Sameness = {}): Promise<void> {
  const { schema = 'public', except = [] } = options;
  const db = new DatabaseSync(source, { readOnly: true, readBigInts: true });
  try {
    const tables = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`)
      .all()
      .map(({ name }) => String(name))
      .filter((name) => !except.includes(name));
    for (const table of tables) {
      const types = await columnTypes(database, schema, table);
      const wanted = sourceRows(db, table, types, options.where?.[table] ?? 'true');
      const found = await targetRows(database, schema, table, types);
      // Two huge arrays make an unreadable difference, so the first rows that differ are compared alone.
      const at = wanted.findIndex((row, i) => row !== found[i]);
      expect({ table, rows: found.length, row: found[at] }).toEqual({ table, rows: wanted.length, row: wanted[at] });
    }
    expect(tables.length).toBeGreaterThan(0);
  } finally {
    db.close();
  }
}

type Types = ReadonlyMap<string, string>;

async function columnTypes(database: TestDatabase, schema: string, table: string): Promise<Types> {
  const { rows } = await database.query(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
     join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and c.relkind = 'r' and a.attnum > 0 order by a.attnum`,
    [schema, table],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

function sourceRows(db: DatabaseSync, table: string, types: Types, where: string): string[] {
  const rows = db.prepare(`SELECT * FROM ${quoted(table)} WHERE ${where}`).all() as Record<string, unknown>[];
  return rows
    .map((row) => [...types].map(([name, type]) => fromSource(row[name], type)))
    .map((row) => JSON.stringify(row))
    .sort();
}

async function targetRows(database: TestDatabase, schema: string, table: string, types: Types): Promise<string[]> {
  const columns = [...types].map(([name, type]) =>
    type.startsWith('timestamp with')
      ? `to_char(${quoted(name)} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`
      : `${quoted(name)}::text`,
  );
  const { rows } = await database.query(
    `select array[${columns.join(', ')}]::text[] as all from ${quoted(schema)}.${quoted(table)}`,
  );
  return rows
    .map(({ all }) => [...types.values()].map((type, i) => fromTarget(all[i], type)))
    .map((row) => JSON.stringify(row))
    .sort();
}

/** The text that PostgreSQL has to show for a value of the source. The fixtures write instants as `2026-01-02T03:04:05.678Z`. */
function fromSource(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    return type === 'bytea' ? `\\x${bytes.toString('hex')}` : canonical(bytes.toString('utf8'), type);
  }
  if (type === 'boolean') return ['1', 't', 'true'].includes(String(value)) ? 'true' : 'false';
  if (type === 'double precision') return double(Number(value));
  if (type.startsWith('timestamp with')) return String(value).replace('T', ' ').replace('Z', '').padEnd(26, '0');
  return canonical(String(value), type);
}

function fromTarget(text: string | null, type: string): string | null {
  if (text === null) return null;
  if (type === 'double precision') return double(Number(text));
  return canonical(text, type);
}

function canonical(text: string, type: string): string {
  return type === 'jsonb' ? JSON.stringify(sorted(JSON.parse(text))) : text;
}

function double(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** jsonb has its own order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, sorted(part)]);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
