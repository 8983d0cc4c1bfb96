import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { sql, type Sql } from '../pg/sql.ts';
import { bystanders } from './bystanders.ts';
import { readColumns } from './columns.ts';
import type { PgIndex, PgSchema, PgTable } from './pg-table.ts';

const kinds: Readonly<Record<string, readonly [string, string]>> = {
  v: ['view', "a view is a query in PostgreSQL's dialect"],
  m: ['materialized view', "a view is a query in PostgreSQL's dialect"],
  f: ['foreign table', 'its rows are those of another server'],
};

/** Reads what stands in a schema, in the snapshot of the caller's transaction. @throws CrossfadeError E_USAGE when it is not there */
export async function readSchema(client: pg.Client, schema: string): Promise<PgSchema> {
  const { rows: found } = await query(
    client,
    sql`SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ${schema}`,
    'look for the schema',
  );
  if (found.length === 0)
    throw new CrossfadeError(
      'E_USAGE',
      `There is no schema ${JSON.stringify(schema)}. Nothing was done. Name another one with --schema.`,
      { schema },
    );
  const { rows } = await query<{ oid: string; name: string; kind: string }>(
    client,
    // A partition is read with its topmost parent, unless that stands in another schema.
    sql`SELECT c.oid, c.relname AS name, c.relkind::text AS kind FROM pg_catalog.pg_class c
      WHERE c.relnamespace = ${found[0].oid}::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT (c.relispartition AND EXISTS (
        SELECT FROM pg_catalog.pg_class r WHERE r.oid = pg_catalog.pg_partition_root(c.oid) AND r.relnamespace = c.relnamespace))
      ORDER BY c.relname COLLATE "C"`,
    'read the names of the schema',
  );
  const tables: PgTable[] = [];
  for (const { oid, name, kind } of rows)
    if (kinds[kind] === undefined) tables.push(await readTable(client, schema, oid, name, kind === 'p'));
  const others = rows.flatMap(({ name, kind }) =>
    kinds[kind] === undefined ? [] : [{ kind: kinds[kind][0], name, why: kinds[kind][1] }],
  );
  const schemaOid = found[0].oid as string;
  return {
    tables,
    notMoved: [...others, ...(await bystanders(client, schemaOid))],
  };
}

async function readTable(
  client: pg.Client,
  schema: string,
  oid: string,
  name: string,
  partitioned: boolean,
): Promise<PgTable> {
  const columns = await readColumns(client, oid);
  const { rows } = await query<
    Record<'name' | 'kind' | 'columns' | 'definition' | 'up' | 'del' | 'deferred', string> &
      Record<'parent' | 'parentschema' | 'parentcolumns', string | null>
  >(
    client,
    sql`SELECT k.conname AS name, k.contype::text AS kind, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
        ${names(sql`k.conrelid`, sql`k.conkey`)} AS columns, ${names(sql`k.confrelid`, sql`k.confkey`)} AS parentcolumns,
        p.relname AS parent, n.nspname AS parentschema, k.confupdtype::text AS up, k.confdeltype::text AS del, k.condeferred AS deferred
      FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class p ON p.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
      WHERE k.conrelid = ${oid}::oid ORDER BY k.conname COLLATE "C"`,
    'read the constraints',
  );
  const list = (text: string | null): string[] => JSON.parse(text ?? '[]') as string[];
  const of = (kind: string) => rows.filter((row) => row.kind === kind);
  return {
    name,
    oid,
    partitioned,
    columns,
    primaryKey: list(of('p')[0]?.columns ?? null),
    unique: of('u').map((row) => ({ name: row.name, columns: list(row.columns) })),
    foreignKeys: of('f').map((row) => ({
      name: row.name,
      columns: list(row.columns),
      parent: row.parentschema === schema ? row.parent : null,
      parentColumns: list(row.parentcolumns),
      onUpdate: actions[row.up],
      onDelete: actions[row.del],
      deferred: row.deferred === 't',
    })),
    checks: of('c').map(({ name: check, definition }) => ({ name: check, definition })),
    indexes: await readIndexes(client, oid),
  };
}

const actions: Readonly<Record<string, string>> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

/** The names of the columns that an array of numbers means, as JSON. */
function names(table: Sql, list: Sql): Sql {
  return sql`(SELECT pg_catalog.json_agg(a.attname ORDER BY u.n)::text FROM pg_catalog.unnest(${list}) WITH ORDINALITY AS u (num, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = ${table} AND a.attnum = u.num)`;
}

async function readIndexes(client: pg.Client, oid: string): Promise<PgIndex[]> {
  const { rows } = await query<
    Record<'name' | 'unique' | 'method' | 'parts' | 'plain', string> & { predicate: string | null }
  >(
    client,
    sql`SELECT c.relname AS name, i.indisunique AS unique, m.amname AS method, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
        (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('column', a.attname, 'sql', pg_catalog.pg_get_indexdef(i.indexrelid, n::int, true),
            'descending', pg_catalog.pg_index_column_has_property(i.indexrelid, n::int, 'desc') IS TRUE) ORDER BY n)::text
          FROM pg_catalog.generate_series(1, i.indnkeyatts) AS n
          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0) AS parts,
        i.indnatts = i.indnkeyatts AS plain
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam
      WHERE i.indrelid = ${oid}::oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
      ORDER BY c.relname COLLATE "C"`,
    'read the indexes',
  );
  return rows.map((row) => ({
    name: row.name,
    unique: row.unique === 't',
    method: row.method,
    parts: JSON.parse(row.parts) as PgIndex['parts'],
    where: row.predicate,
    isPlain: row.plain === 't',
  }));
}
