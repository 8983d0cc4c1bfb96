import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';

/** What belongs to a schema or shows in it, and is not copied. */
export interface Bystander {
  readonly kind: string;
  readonly name: string;
  readonly why: string;
}

/** Of a schema, by its oid. */
export async function bystanders(client: pg.Client, schema: string): Promise<Bystander[]> {
  return [...(await strayChildren(client, schema)), ...(await triggers(client, schema))];
}

/** Tables of other schemas that inherit: who reads the parent sees their rows, and the copy of the parent has none of them. */
async function strayChildren(client: pg.Client, schema: string): Promise<Bystander[]> {
  const { rows } = await query<{ name: string; parent: string }>(
    client,
    sql`SELECT n.nspname || '.' || c.relname AS name, p.relname AS parent FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
      WHERE p.relnamespace = ${schema}::oid AND c.relnamespace <> p.relnamespace AND p.relkind = 'r' ORDER BY 1, 2`,
    'read what inherits',
  );
  return rows.map(({ name, parent }) => ({
    kind: 'inheriting table',
    name,
    why: `its rows show in ${parent}, but it stands in another schema; copy that one too`,
  }));
}

async function triggers(client: pg.Client, schema: string): Promise<Bystander[]> {
  const { rows } = await query<{ name: string; of: string }>(
    client,
    sql`SELECT t.tgname AS name, c.relname AS of FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = ${schema}::oid AND NOT t.tgisinternal ORDER BY 2, 1`,
    'read the triggers',
  );
  return rows.map(({ name, of }) => ({
    kind: 'trigger',
    name,
    why: `a trigger on ${of} is a program in PostgreSQL's dialect`,
  }));
}
