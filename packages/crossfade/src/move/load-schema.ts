import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { createState, insertChunks, stateTables, type StoredChunk } from './checkpoint.ts';
import { query, transaction } from '../pg/connect.ts';
import { name, qualified, sql, trusted } from '../pg/sql.ts';
import { createTable } from '../schema/ddl.ts';
import type { TargetTable } from '../schema/model.ts';
import type { MoveOptions } from './options.ts';

/**
 * The schema in which rows and checkpoints are built before anything is published. Its name follows from the source's
 * path and the target schema, so that the same command finds what an interrupted run has left.
 */
export function loadSchemaName(sourcePath: string, schema: string): string {
  return `crossfade_load_${createHash('sha256').update(`${sourcePath}\0${schema}`).digest('hex').slice(0, 12)}`;
}

/** What an earlier run of the same command has left behind. */
export interface LeftRun {
  readonly fingerprint: string;
  /** From {@link askedDigest}. */
  readonly asked: string;
  /** From {@link designDigest}. */
  readonly design: string;
  /** The report of a run that published, but was stopped before it could clean up. */
  readonly report: string | null;
}

/** Looks for an earlier run; null when there is none. */
export async function findRun(client: pg.Client, loadSchema: string): Promise<LeftRun | null> {
  const found = await query(
    client,
    sql`SELECT 1 AS one FROM pg_catalog.pg_namespace WHERE nspname = ${loadSchema}`,
    'look for an interrupted run',
  );
  if (found.rows.length === 0) return null;
  try {
    const { rows } = await query<{ source: string; asked: string; design: string; report: string | null }>(
      client,
      sql`SELECT source, asked, design, report FROM ${qualified(loadSchema, stateTables.run)}`,
      'read the interrupted run',
    );
    if (rows.length === 0) return foreignRun;
    return { fingerprint: rows[0].source, asked: rows[0].asked, design: rows[0].design, report: rows[0].report };
  } catch (error) {
    // Another version keeps its state in another form: no such column, no such table.
    const isForeign = error instanceof CrossfadeError && ['42703', '42P01'].includes(String(error.facts.sqlstate));
    if (isForeign) return foreignRun;
    throw error;
  }
}

/** A run that this version cannot read: it answers no question and cannot be continued, but `--restart` removes it. */
const foreignRun: LeftRun = { fingerprint: '', asked: '', design: '', report: null };

/** What the user asked for, as one digest: a stored report answers the same question only. */
export function askedDigest(options: MoveOptions): string {
  const { only, except, names, types, badValues, rejectLimit, rules, gin } = options;
  const plan = options.plan === undefined ? null : readFileSync(options.plan, 'utf8');
  const asked = [only, except, names, types, badValues, rejectLimit, rules, gin, plan].map((part) => part ?? null);
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** What decides how rows are loaded, as one digest; a run that differs in it cannot continue another. */
export function designDigest(tables: readonly TargetTable[]): string {
  const parts = tables.map((table) => [
    table.source.name,
    createTable('s', table),
    table.columns.map((column) => [column.source.name, column.type, column.rules]),
  ]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Throws E_SOURCE_CHANGED unless the run found may be continued. */
export function checkContinuable(run: LeftRun, fingerprint: string, design: string, path: string): void {
  const advice =
    'Nothing was published. Use --restart to throw away what the interrupted run has built and begin again.';
  if (run !== foreignRun && run.fingerprint !== fingerprint)
    throw new CrossfadeError('E_SOURCE_CHANGED', `${path} has changed since the interrupted run. ${advice}`, { path });
  if (run.design !== design)
    throw new CrossfadeError(
      'E_SOURCE_CHANGED',
      `The interrupted run was made with other options, another plan or another version. ${advice}`,
      { path },
    );
}

/** The file's times do not tell every change. Throws E_SOURCE_CHANGED when a table has other rows than the run listed. */
export function checkSameRows(table: string, rows: number, listed: number): void {
  if (rows === listed) return;
  throw new CrossfadeError(
    'E_SOURCE_CHANGED',
    `Table ${table} has ${rows} rows and had ${listed} when the interrupted run began. Nothing was published. Use --restart to throw away what that run has built and begin again.`,
    { table, rows, listed },
  );
}

/** Makes the load schema with its empty tables and the list of what is to be loaded: all of it, or nothing. */
export async function createLoadSchema(
  client: pg.Client,
  loadSchema: string,
  tables: readonly TargetTable[],
  chunks: readonly StoredChunk[],
  fingerprint: string,
  asked: string,
): Promise<void> {
  await transaction(client, async () => {
    await query(client, sql`CREATE SCHEMA ${name(loadSchema)}`, 'make the load schema');
    await createState(client, loadSchema);
    for (const table of tables) await query(client, trusted(createTable(loadSchema, table)), 'make a table');
    await insertChunks(client, loadSchema, chunks);
    await query(
      client,
      sql`INSERT INTO ${qualified(loadSchema, stateTables.run)} (source, asked, design) VALUES (${fingerprint}, ${asked}, ${designDigest(tables)})`,
      'begin the run',
    );
  });
}

/** Removes the load schema and what is still in it: our own tables, and never anything else, for nothing cascades. */
export async function dropLoadSchema(client: pg.Client, loadSchema: string): Promise<void> {
  await transaction(client, async () => {
    const { rows } = await query<{ name: string }>(
      client,
      sql`SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${loadSchema} AND c.relkind = 'r'`,
      'list the load schema',
    );
    // Foreign keys among the tables go first, so that no DROP needs CASCADE.
    const keys = await query<{ tab: string; key: string }>(
      client,
      sql`SELECT c.relname AS tab, k.conname AS key FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${loadSchema} AND k.contype = 'f'`,
      'list the load schema',
    );
    for (const { tab, key } of keys.rows)
      await query(
        client,
        sql`ALTER TABLE ${qualified(loadSchema, tab)} DROP CONSTRAINT ${name(key)}`,
        'remove a foreign key of the load schema',
      );
    for (const row of rows)
      await query(client, sql`DROP TABLE ${qualified(loadSchema, row.name)}`, 'remove a table of the load schema');
    await query(client, sql`DROP SCHEMA ${name(loadSchema)}`, 'remove the load schema');
  });
}
