import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { name, qualified, type Sql, sql } from '../pg/sql.ts';

/** A foreign key of a table that is to be filled before its parent. */
export interface Postponed {
  readonly table: string;
  readonly constraint: string;
  /** How it is declared, to be put back. */
  readonly was: keyof typeof timings;
}

const timings = {
  fixed: sql`NOT DEFERRABLE`,
  immediate: sql`DEFERRABLE INITIALLY IMMEDIATE`,
} as const;

/**
 * Puts the checks of such foreign keys off until all tables are filled: tables that refer to each other in a circle have
 * no order in which every parent comes first. The keys are made deferred for the length of the transaction, which
 * changes two flags of the catalog and reads no row. SET CONSTRAINTS alone would not do: it takes all keys of a name,
 * and fails if one of them is not deferrable.
 *
 * @param tables in the order in which they are filled
 */
export async function postpone(client: pg.Client, schema: string, tables: readonly string[]): Promise<Postponed[]> {
  const keys = await keysBetween(client, schema, tables);
  const early = keys.filter(({ table, parent }) => tables.indexOf(parent) > tables.indexOf(table));
  for (const key of early) await alter(client, schema, key, sql`DEFERRABLE INITIALLY DEFERRED`);
  return early;
}

/** Makes the keys what they were. Their checks must have run, see SET CONSTRAINTS. */
export async function unpostpone(client: pg.Client, schema: string, keys: readonly Postponed[]): Promise<void> {
  for (const key of keys) await alter(client, schema, key, timings[key.was]);
}

async function alter(client: pg.Client, schema: string, key: Postponed, how: Sql): Promise<void> {
  await query(
    client,
    sql`ALTER TABLE ${qualified(schema, key.table)} ALTER CONSTRAINT ${name(key.constraint)} ${how}`,
    'put the check of a foreign key off',
  );
}

/** Of one schema, but those that are deferred anyway; a partition's copy of its parent's key is not listed. */
async function keysBetween(
  client: pg.Client,
  schema: string,
  tables: readonly string[],
): Promise<(Postponed & { readonly parent: string })[]> {
  const { rows } = await query<Record<'table' | 'parent' | 'constraint' | 'deferrable', string>>(
    client,
    sql`SELECT c.relname AS table, p.relname AS parent, k.conname AS constraint, k.condeferrable AS deferrable
      FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.oid = p.relnamespace
      WHERE k.contype = 'f' AND NOT k.condeferred AND k.conparentid = 0 AND n.nspname = ${schema}
        AND c.relname = ANY (${tables}::text[]) AND p.relname = ANY (${tables}::text[])`,
    'read the foreign keys of the tables that are to be filled',
  );
  return rows.map(({ deferrable, ...row }) => ({ ...row, was: deferrable === 't' ? 'immediate' : 'fixed' }));
}
