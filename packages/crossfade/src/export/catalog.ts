import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { sql, type Sql } from '../pg/sql.ts';
import { bystanders } from './bystanders.ts';
import type { Clause } from './clauses.ts';
import { readColumns, textOrder } from './columns.ts';
import type { PgIndex, PgKey, PgSchema, PgTable } from './pg-table.ts';

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
  const { rows } = await query<{ oid: string; name: string; partitioned: string }>(
    client,
    // A partition is read with its topmost parent, unless that stands in another schema.
    sql`SELECT c.oid, c.relname AS name, c.relkind = 'p' AS partitioned FROM pg_catalog.pg_class c
      WHERE c.relnamespace = ${found[0].oid}::oid AND c.relkind IN ('r', 'p') AND NOT (c.relispartition AND EXISTS (
        SELECT FROM pg_catalog.pg_class r WHERE r.oid = pg_catalog.pg_partition_root(c.oid) AND r.relnamespace = c.relnamespace))
      ORDER BY c.relname COLLATE "C"`,
    'read the names of the schema',
  );
  const tables: PgTable[] = [];
  for (const { oid, name, partitioned } of rows)
    tables.push(await readTable(client, schema, oid, name, partitioned === 't'));
  return {
    tables,
    notMoved: await bystanders(
      client,
      found[0].oid as string,
      rows.map(({ oid }) => oid),
    ),
  };
}

async function readTable(
  client: pg.Client,
  schema: string,
  oid: string,
  name: string,
  partitioned: boolean,
): Promise<PgTable> {
  const rows = await readConstraints(client, oid);
  const list = (text: string | null): string[] => JSON.parse(text ?? '[]') as string[];
  const key = (row: Constraint): PgKey => ({
    name: row.name,
    columns: list(row.columns),
    clauses: JSON.parse(row.clauses) as Clause[],
  });
  const of = (kind: string): Constraint[] => rows.filter((row) => row.kind === kind);
  const primary = of('p').map(key)[0];
  return {
    name,
    oid,
    partitioned,
    columns: await readColumns(client, oid),
    primaryKey: primary?.columns ?? [],
    primaryKeyClauses: primary?.clauses ?? [],
    unique: of('u').map(key),
    foreignKeys: of('f').map((row) => ({
      ...key(row),
      parent: row.parentschema === schema ? row.parent : null,
      parentColumns: list(row.parentcolumns),
      onUpdate: actions[row.up],
      onDelete: actions[row.del],
      deferral: row.deferral,
    })),
    // What no child of the table inherits holds of the table all the same, and each is copied by itself.
    checks: of('c').map((row) => ({
      ...key(row),
      condition: row.definition.replace(/^CHECK \((.*?)\)(?: NO INHERIT)?(?: NOT VALID| NOT ENFORCED)?$/s, '$1'),
    })),
    indexes: await readIndexes(client, oid),
    otherConstraints: rows.filter(isOther).map((row) => `${kinds[row.kind] ?? 'constraint'} ${row.name}`),
  };
}

const kinds: Readonly<Record<string, string>> = { x: 'exclusion constraint', n: 'not null' };

/** That a column is not null is said with it, unless rows may be; and a constraint trigger is a trigger. */
function isOther({ kind, clauses }: Constraint): boolean {
  return !['p', 'u', 'f', 'c', 't'].includes(kind) && (kind !== 'n' || clauses !== '[]');
}

type Constraint = Record<'name' | 'kind' | 'columns' | 'definition' | 'up' | 'del' | 'deferral' | 'clauses', string> &
  Record<'parent' | 'parentschema' | 'parentcolumns', string | null>;

async function readConstraints(client: pg.Client, oid: string): Promise<Constraint[]> {
  const { rows } = await query<Constraint>(
    client,
    // What servers before 15 and 18 do not have is read from the row as JSON. A foreign key to a partitioned table has one
    // more entry for each partition.
    sql`SELECT k.conname AS name, k.contype::text AS kind, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
        ${names(sql`k.conrelid`, sql`k.conkey`)} AS columns, ${names(sql`k.confrelid`, sql`k.confkey`)} AS parentcolumns,
        p.relname AS parent, n.nspname AS parentschema, k.confupdtype::text AS up, k.confdeltype::text AS del,
        CASE WHEN k.condeferred THEN ' DEFERRABLE INITIALLY DEFERRED' ELSE '' END AS deferral,
        pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[
          CASE WHEN pg_catalog.to_jsonb(k) ->> 'conenforced' = 'false' THEN 'NOT ENFORCED' WHEN NOT k.convalidated THEN 'NOT VALID' END,
          CASE WHEN pg_catalog.to_jsonb(k) ->> 'conperiod' = 'true' THEN CASE k.contype WHEN 'f' THEN 'PERIOD' ELSE 'WITHOUT OVERLAPS' END END,
          CASE WHEN k.contype IN ('p', 'u') AND k.condeferrable THEN 'DEFERRABLE' END, CASE WHEN k.confmatchtype = 'f' THEN 'MATCH FULL' END,
          CASE WHEN pg_catalog.to_jsonb(k) ->> 'confdelsetcols' IS NOT NULL THEN 'SET COLUMNS' END,
          CASE WHEN pg_catalog.to_jsonb(x) ->> 'indnullsnotdistinct' = 'true' THEN 'NULLS NOT DISTINCT' END], NULL))::text AS clauses
      FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class p ON p.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        LEFT JOIN pg_catalog.pg_constraint q ON q.oid = k.conparentid LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = k.conindid AND k.contype = 'u'
      WHERE k.conrelid = ${oid}::oid AND k.conrelid IS DISTINCT FROM q.conrelid ORDER BY k.conname COLLATE "C"`,
    'read the constraints',
  );
  return rows;
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
    Record<'name' | 'unique' | 'method' | 'parts' | 'clauses', string> & { predicate: string | null }
  >(
    client,
    sql`SELECT c.relname AS name, i.indisunique AS unique, m.amname AS method, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
        (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('column', a.attname, 'sql', pg_catalog.pg_get_indexdef(i.indexrelid, n::int, true),
            'collation', ${textOrder}, 'hasOwnEquality', NOT (s.opcdefault OR s.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace), 'descending', pg_catalog.pg_index_column_has_property(i.indexrelid, n::int, 'desc') IS TRUE) ORDER BY n)::text
          FROM pg_catalog.generate_series(1, i.indnkeyatts) AS n
          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum > 0
          LEFT JOIN pg_catalog.pg_collation o ON o.oid = i.indcollation[n - 1] LEFT JOIN pg_catalog.pg_opclass s ON s.oid = i.indclass[n - 1]
          JOIN pg_catalog.pg_database y ON y.datname = pg_catalog.current_database()) AS parts,
        pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[
          CASE WHEN NOT (i.indisvalid AND i.indisready) THEN 'invalid' END, CASE WHEN i.indnatts > i.indnkeyatts THEN 'INCLUDE' END,
          CASE WHEN pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct' = 'true' THEN 'NULLS NOT DISTINCT' END], NULL))::text AS clauses
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
    clauses: JSON.parse(row.clauses) as Clause[],
  }));
}
