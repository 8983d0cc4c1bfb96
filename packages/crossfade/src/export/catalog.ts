import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { sql, type Sql } from '../pg/sql.ts';
import { bystanders } from './bystanders.ts';

/** A table of PostgreSQL that is to be copied. */
export interface PgTable {
  readonly name: string;
  readonly oid: string;
  readonly partitioned: boolean;
  readonly columns: readonly PgColumn[];
  readonly primaryKey: readonly string[];
  readonly unique: readonly PgKey[];
  readonly foreignKeys: readonly PgForeignKey[];
  readonly checks: readonly { readonly name: string; readonly definition: string }[];
  readonly indexes: readonly PgIndex[];
}

/** A column, its type without domains around it. */
export interface PgColumn {
  readonly name: string;
  /** As pg_type names it: `int4`, `timestamptz`. */
  readonly type: string;
  /** As PostgreSQL writes it, `numeric(10,2)`. */
  readonly written: string;
  readonly required: boolean;
  readonly generated: boolean;
  /** SQL of the default, or null. */
  readonly default: string | null;
  /** The number that the sequence behind an identity or serial gave last, or null where there is none or it gave none. */
  readonly sequence: { readonly last: bigint | null } | null;
}

/** A key or constraint, by the names of its columns. */
export interface PgKey {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A foreign key, with the words of SQL for its actions. */
export interface PgForeignKey extends PgKey {
  /** Null for a table of another schema. */
  readonly parent: string | null;
  readonly parentColumns: readonly string[];
  readonly onUpdate: string;
  readonly onDelete: string;
  readonly deferred: boolean;
}

/** An index that no constraint has made. */
export interface PgIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly method: string;
  /** A column each, or the SQL of an expression. */
  readonly parts: readonly { readonly column: string | null; readonly sql: string; readonly descending: boolean }[];
  readonly where: string | null;
  readonly isPlain: boolean;
}

/** What a schema holds. */
export interface PgSchema {
  readonly tables: readonly PgTable[];
  readonly notMoved: readonly { readonly kind: string; readonly name: string; readonly why: string }[];
}

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

async function readColumns(client: pg.Client, oid: string): Promise<PgColumn[]> {
  const { rows } = await query<
    Record<'name' | 'type' | 'written' | 'required' | 'generated', string> & Record<'value' | 'sequence', string | null>
  >(
    client,
    sql`WITH RECURSIVE base (oid, of) AS (
        SELECT oid, oid FROM pg_catalog.pg_type
        UNION ALL SELECT t.typbasetype, b.of FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
      SELECT a.attname AS name, t.typname AS type, pg_catalog.format_type(a.atttypid, a.atttypmod) AS written, a.attnotnull AS required,
        a.attgenerated <> '' AS generated, CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS value,
        (SELECT s.objid::pg_catalog.regclass::text FROM pg_catalog.pg_depend s JOIN pg_catalog.pg_class q ON q.oid = s.objid AND q.relkind = 'S'
          WHERE s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND s.deptype IN ('a', 'i') LIMIT 1) AS sequence
      FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN base b ON b.of = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
      WHERE a.attrelid = ${oid}::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    'read the columns',
  );
  const columns: PgColumn[] = [];
  for (const { name, type, written, required, generated, value, sequence } of rows)
    columns.push({
      name,
      type,
      written,
      required: required === 't',
      generated: generated === 't',
      default: value,
      sequence: sequence === null ? null : { last: await lastOf(client, sequence) },
    });
  return columns;
}

async function lastOf(client: pg.Client, sequence: string): Promise<bigint | null> {
  const { rows } = await query(
    client,
    sql`SELECT pg_catalog.pg_sequence_last_value(${sequence}::pg_catalog.regclass)::text AS last`,
    'read a sequence',
  );
  return rows[0].last === null ? null : BigInt(rows[0].last);
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
