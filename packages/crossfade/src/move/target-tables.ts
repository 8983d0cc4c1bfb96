import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { qualified, sql } from '../pg/sql.ts';
import type { PgType } from '../schema/model.ts';

/** A table as it stands in the target. */
export interface ExistingTable {
  readonly name: string;
  readonly columns: readonly ExistingColumn[];
  readonly hasRows: boolean;
  readonly partitioned: boolean;
}

/** A column of a table that stands in the target. */
export interface ExistingColumn {
  readonly name: string;
  readonly typeOid: number;
  /** As PostgreSQL writes it, `character varying(20)`. */
  readonly typeName: string;
  /** The type whose encoder serves it, or null when there is none. */
  readonly type: PgType | null;
  readonly required: boolean;
  readonly generated: boolean;
  readonly identity: boolean;
}

/** Which encoder serves a column that was there before, by the OID of its type (pg_type.dat). The assignment to a narrower form is verified afterwards. */
const encoderTypes: Readonly<Record<number, PgType>> = {
  16: 'boolean',
  17: 'bytea',
  20: 'bigint',
  21: 'integer',
  23: 'integer',
  25: 'text',
  114: 'json',
  700: 'double precision',
  701: 'double precision',
  1042: 'text',
  1043: 'text',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
};

/** What a schema holds under the names that a move could want. */
export interface TargetSchema {
  readonly exists: boolean;
  readonly tables: ReadonlyMap<string, ExistingTable>;
  /** Every other relation and type: names that are taken. */
  readonly taken: ReadonlySet<string>;
}

/** Reads the target schema. Tables are looked into for a first row only if they are among `wanted`. */
export async function readTargetSchema(
  client: pg.Client,
  schema: string,
  wanted: ReadonlySet<string>,
): Promise<TargetSchema> {
  const found = await query<{ oid: string }>(
    client,
    sql`SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ${schema}`,
    'look for the schema',
  );
  if (found.rows.length === 0) return { exists: false, tables: new Map(), taken: new Set() };
  const relations = await query<{ name: string; kind: string }>(
    client,
    sql`SELECT relname AS name, relkind::text AS kind FROM pg_catalog.pg_class WHERE relnamespace = ${found.rows[0].oid}::oid
      UNION ALL SELECT typname, 'type' FROM pg_catalog.pg_type WHERE typnamespace = ${found.rows[0].oid}::oid AND typrelid = 0 AND typelem = 0`,
    'read the names of the schema',
  );
  const isTable = (kind: string) => kind === 'r' || kind === 'p';
  const tables = new Map<string, ExistingTable>();
  for (const { name, kind } of relations.rows)
    if (isTable(kind) && wanted.has(name)) tables.set(name, await readTable(client, schema, name));
  return {
    exists: true,
    tables,
    taken: new Set(relations.rows.filter(({ name }) => !tables.has(name)).map(({ name }) => name)),
  };
}

/** A table's columns, and whether it has a row. */
export async function readTable(client: pg.Client, schema: string, name: string): Promise<ExistingTable> {
  const columns = await query<Record<'name' | 'oid' | 'type' | 'required' | 'generated' | 'identity', string>>(
    client,
    sql`SELECT attname AS name, atttypid AS oid, pg_catalog.format_type(atttypid, atttypmod) AS type,
        attnotnull AND NOT atthasdef AND attidentity = '' AS required, attgenerated <> '' AS generated, attidentity <> '' AS identity
      FROM pg_catalog.pg_attribute WHERE attrelid = ${qualified(schema, name).text}::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    'read the columns of a table',
  );
  const rows = await query(
    client,
    sql`SELECT 1 AS row FROM ${qualified(schema, name)} LIMIT 1`,
    'look for rows in a table',
  );
  const kinds = await query<{ partitioned: string }>(
    client,
    sql`SELECT relkind = 'p' AS partitioned FROM pg_catalog.pg_class WHERE oid = ${qualified(schema, name).text}::pg_catalog.regclass`,
    'look whether a table is partitioned',
  );
  return {
    name,
    partitioned: kinds.rows[0].partitioned === 't',
    hasRows: rows.rows.length > 0,
    columns: columns.rows.map((row) => ({
      name: row.name,
      typeOid: Number(row.oid),
      typeName: row.type,
      type: encoderTypes[Number(row.oid)] ?? null,
      required: row.required === 't',
      generated: row.generated === 't',
      identity: row.identity === 't',
    })),
  };
}

/** Throws unless an existing table may be filled: it is empty, and its columns are those of the source. */
export function checkFillable(schema: string, table: ExistingTable, columns: readonly string[]): void {
  const what = `Table ${schema}.${table.name}`;
  if (table.hasRows) {
    throw new CrossfadeError(
      'E_TARGET_NOT_EMPTY',
      `${what} already exists and has rows. Nothing was moved and nothing of it was changed. Empty it, choose another --schema, or leave the table out with --except.`,
      { schema, table: table.name },
    );
  }
  const refuse = (why: string): never => {
    throw new CrossfadeError(
      'E_TARGET_MISMATCH',
      `${what} already exists, and ${why}. Nothing was moved. Change the table, choose another --schema, or leave it out with --except.`,
      { schema, table: table.name },
    );
  };
  for (const column of columns) {
    const existing = table.columns.find(({ name }) => name === column);
    if (existing === undefined) refuse(`it has no column ${column}`);
    else if (existing.type === null)
      refuse(`its column ${column} has type ${existing.typeName}, into which nothing is moved`);
  }
  for (const existing of table.columns)
    if (existing.required && !columns.includes(existing.name))
      refuse(`its column ${existing.name} wants a value, which the source does not have`);
}
