import type pg from 'pg';
import { keyFromJson, keyToJson } from '../core/key-json.ts';
import type { RowKey } from '../core/cell.ts';
import type { ReadRange } from '../drivers/sqlite/reader.ts';
import { query } from '../pg/connect.ts';
import { qualified, sql } from '../pg/sql.ts';
import type { Loaded } from './load-chunk.ts';
import type { WithheldCode } from '../schema/infer.ts';

/**
 * The state of a run, kept beside its rows in the target: what is to be loaded, what has been. A chunk's checkpoint is
 * written in the transaction of its rows, so a resumed run loads nothing twice and believes nothing that is not there.
 */

/** Tables of the load schema that are not the source's; a source table of such a name gets another one. */
export const stateTables = { run: 'crossfade:run', chunk: 'crossfade:chunk', withheld: 'crossfade:withheld' } as const;

/** A chunk as it is stored. */
export interface StoredChunk {
  readonly table: string;
  readonly number: number;
  readonly range: ReadRange;
  /** Rows in the source. */
  readonly rows: number;
  /** Null until it is loaded. */
  readonly done: { readonly loaded: number; readonly altered: number } | null;
}

/** A row that was withheld, by its names in the source; the value itself is kept nowhere. */
export interface StoredWithheld {
  readonly table: string;
  readonly column: string;
  readonly key: RowKey;
  readonly code: WithheldCode;
}

/** Makes the state tables in the load schema, inside the caller's transaction. */
export async function createState(client: pg.Client, schema: string): Promise<void> {
  const text = sql`
    CREATE TABLE ${qualified(schema, stateTables.run)} (
      one boolean PRIMARY KEY DEFAULT true CHECK (one), source text NOT NULL, asked text NOT NULL, design text NOT NULL, report text);
    CREATE TABLE ${qualified(schema, stateTables.chunk)} (
      source_table text, number integer, range text NOT NULL, rows bigint NOT NULL, loaded bigint, altered bigint,
      PRIMARY KEY (source_table, number));
    CREATE TABLE ${qualified(schema, stateTables.withheld)} (
      source_table text NOT NULL, number integer NOT NULL, source_column text NOT NULL, key text NOT NULL, code text NOT NULL)`;
  await query(client, text, 'make the tables of the run');
}

/** Lists the chunks that are to be loaded. */
export async function insertChunks(client: pg.Client, schema: string, chunks: readonly StoredChunk[]): Promise<void> {
  for (let i = 0; i < chunks.length; i += 1_000) {
    const part = chunks.slice(i, i + 1_000);
    await query(
      client,
      sql`INSERT INTO ${qualified(schema, stateTables.chunk)} (source_table, number, range, rows)
        SELECT * FROM ROWS FROM (pg_catalog.unnest(${part.map((c) => c.table)}::text[]), pg_catalog.unnest(${part.map((c) => String(c.number))}::integer[]),
          pg_catalog.unnest(${part.map((c) => rangeToJson(c.range))}::text[]), pg_catalog.unnest(${part.map((c) => String(c.rows))}::bigint[])) AS listed`,
      'list the chunks of the run',
    );
  }
}

/** Every chunk of the run, in order. */
export async function readChunks(client: pg.Client, schema: string): Promise<StoredChunk[]> {
  const { rows } = await query<
    Record<'source_table' | 'number' | 'range' | 'rows', string> & Record<'loaded' | 'altered', string | null>
  >(
    client,
    sql`SELECT source_table, number, range, rows, loaded, altered FROM ${qualified(schema, stateTables.chunk)} ORDER BY source_table, number`,
    'read the chunks of the run',
  );
  return rows.map((row) => ({
    table: row.source_table,
    number: Number(row.number),
    range: rangeFromJson(row.range),
    rows: Number(row.rows),
    done: row.loaded === null ? null : { loaded: Number(row.loaded), altered: Number(row.altered) },
  }));
}

/** Marks a chunk as loaded, in the transaction that loaded it. */
export async function finishChunk(
  client: pg.Client,
  schema: string,
  chunk: { readonly table: string; readonly number: number },
  loaded: Loaded,
): Promise<void> {
  const marked = await query(
    client,
    sql`UPDATE ${qualified(schema, stateTables.chunk)} SET loaded = ${loaded.rows}, altered = ${loaded.altered}
      WHERE source_table = ${chunk.table} AND number = ${chunk.number} AND loaded IS NULL`,
    'mark a chunk as loaded',
  );
  if (marked.rowCount !== 1) throw new Error(`chunk ${chunk.number} of ${chunk.table} was loaded by somebody else`);
  if (loaded.withheld.length === 0) return;
  await query(
    client,
    sql`INSERT INTO ${qualified(schema, stateTables.withheld)} (source_table, number, source_column, key, code)
      SELECT ${chunk.table}, ${chunk.number}, listed.c, listed.k, listed.r
      FROM ROWS FROM (pg_catalog.unnest(${loaded.withheld.map((row) => row.column)}::text[]), pg_catalog.unnest(${loaded.withheld.map((row) => keyToJson(row.key))}::text[]),
        pg_catalog.unnest(${loaded.withheld.map((row) => row.code)}::text[])) AS listed(c, k, r)`,
    'list the rows that were withheld',
  );
}

/** Every row that was withheld. */
export async function readWithheld(client: pg.Client, schema: string): Promise<StoredWithheld[]> {
  const { rows } = await query<Record<'source_table' | 'source_column' | 'key', string> & { code: WithheldCode }>(
    client,
    sql`SELECT source_table, source_column, key, code FROM ${qualified(schema, stateTables.withheld)} ORDER BY source_table, number, ctid`,
    'read the rows that were withheld',
  );
  return rows.map((row) => ({
    table: row.source_table,
    column: row.source_column,
    key: keyFromJson(row.key),
    code: row.code,
  }));
}

function rangeToJson(range: ReadRange): string {
  const key = (value: RowKey | null) => (value === null ? null : keyToJson(value));
  return JSON.stringify({ after: key(range.after), upTo: key(range.upTo), large: range.large.map(keyToJson) });
}

function rangeFromJson(text: string): ReadRange {
  const range = JSON.parse(text) as { after: string | null; upTo: string | null; large: string[] };
  const key = (value: string | null) => (value === null ? null : keyFromJson(value));
  return { after: key(range.after), upTo: key(range.upTo), large: range.large.map(keyFromJson) };
}
