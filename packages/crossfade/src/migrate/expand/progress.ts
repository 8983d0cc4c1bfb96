import { createHash } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { query } from '../../pg/connect.ts';
import { qualified, type Sql, sql } from '../../pg/sql.ts';

/** The table in which backfills keep how far they are, in the schema of the table that they fill. */
export const backfillTable = 'crossfade_backfills';

/** How far a backfill is. */
export interface BackfillState {
  /** The key of the last row that was looked at, as text; null before the first batch. */
  readonly lastKey: readonly string[] | null;
  readonly rows: bigint;
  readonly finished: boolean;
}

/** What makes a backfill this one and no other, as a digest. */
export function definitionDigest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Finds or begins the backfill of that name. Throws E_USAGE when another one has it. */
export async function beginBackfill(
  client: pg.Client,
  schema: string,
  name: string,
  definition: string,
  restart: boolean,
): Promise<BackfillState> {
  const table = qualified(schema, backfillTable);
  // Two runs that both find no table would both make it.
  await query(client, sql`SELECT pg_advisory_xact_lock(hashtextextended(${table.text}, 0))`, 'begin a backfill');
  const there = await query(client, sql`SELECT to_regclass(${table.text}) AS oid`, 'look for the table of backfills');
  if (there.rows[0]?.oid === null) await createTable(client, table);
  if (restart) await query(client, sql`DELETE FROM ${table} WHERE name = ${name}`, 'begin a backfill again');
  await query(
    client,
    sql`INSERT INTO ${table} (name, definition) VALUES (${name}, ${definition}) ON CONFLICT (name) DO NOTHING`,
    'begin a backfill',
  );
  const { rows } = await query<{ definition: string; last: string | null; rows: string; finished: string }>(
    client,
    sql`SELECT definition, to_json(last_key)::text AS last, rows, finished_at IS NOT NULL AS finished FROM ${table} WHERE name = ${name}`,
    'read how far a backfill is',
  );
  const [found] = rows;
  if (found === undefined || found.definition !== definition)
    throw new CrossfadeError(
      'E_USAGE',
      `The backfill ${JSON.stringify(name)} was begun with another table, key, SET or WHERE. Nothing was changed. Give this one a name of its own, or begin again with restart.`,
      { name },
    );
  return {
    lastKey: found.last === null ? null : (JSON.parse(found.last) as string[]),
    rows: BigInt(found.rows),
    finished: found.finished === 't',
  };
}

async function createTable(client: pg.Client, table: Sql): Promise<void> {
  await query(
    client,
    sql`CREATE TABLE ${table} (name text PRIMARY KEY, definition text NOT NULL, last_key text[], rows bigint NOT NULL DEFAULT 0,
      started_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz)`,
    `make the table ${backfillTable}`,
  );
}

/** Stores progress within the batch's transaction. Throws E_MIGRATION_BUSY when another run has gone on with it. */
export async function storeProgress(
  client: pg.Client,
  schema: string,
  name: string,
  before: readonly string[] | null,
  after: { readonly lastKey: readonly string[] | null; readonly rows: number; readonly finished: boolean },
): Promise<void> {
  const { rowCount } = await query(
    client,
    sql`UPDATE ${qualified(schema, backfillTable)} SET last_key = ${after.lastKey}::text[], rows = rows + ${after.rows}, updated_at = now(),
        finished_at = CASE WHEN ${after.finished} THEN now() END
      WHERE name = ${name} AND last_key IS NOT DISTINCT FROM ${before}::text[]`,
    'store the progress of a backfill',
  );
  if (rowCount === 1) return;
  throw new CrossfadeError(
    'E_MIGRATION_BUSY',
    `Another run of the backfill ${JSON.stringify(name)} is at work. This one has stopped, and its last batch was rolled back. Let the other one finish.`,
    { name },
  );
}
