import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { name, qualified, type Sql, sql } from '../pg/sql.ts';
import { lastIdentity } from '../schema/design.ts';
import type { PgType, TargetTable } from '../schema/model.ts';
import type { TableProfile } from './profile.ts';
import type { ExistingTable } from './target-tables.ts';

/**
 * The next value of every key that is drawn from a sequence lies beyond every key that is there and, for AUTOINCREMENT,
 * beyond every key that has been. A sequence that is further already stays as it is: it may serve other tables too, and
 * no transaction takes a set value back.
 */
export async function setNextKeys(
  client: pg.Client,
  schema: string,
  target: TargetTable,
  profile: TableProfile,
): Promise<void> {
  const rowid = target.columns.find(({ source }) => source.name === target.source.rowidAlias)?.name;
  const known = (column: string) => (column === rowid ? lastIdentity(target.source, profile.evidence) : null);
  await raise(client, schema, target, known);
}

/** The same for a table of which only the rows that stand in it are known. */
export async function raiseNextKeys(client: pg.Client, schema: string, table: ExistingTable): Promise<void> {
  await raise(client, schema, table, () => null);
}

async function raise(
  client: pg.Client,
  schema: string,
  target: KeyedTable,
  known: (column: string) => bigint | null,
): Promise<void> {
  const table = qualified(schema, target.name);
  for (const { column, oid, place } of await sequencesOf(client, table)) {
    const type = target.columns.find((candidate) => candidate.name === column)?.type;
    const isWhole = type === 'integer' || type === 'bigint';
    const last = known(column) ?? (isWhole ? await highest(client, table, column) : null);
    if (last === null) continue;
    await query(
      client,
      sql`SELECT pg_catalog.setval(${oid}::oid::pg_catalog.regclass, ${last}) FROM ${place}
        WHERE last_value < ${last} OR last_value = ${last} AND NOT is_called`,
      'set the next value of a key',
    );
  }
}

interface KeyedTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: PgType | null }[];
}

interface Sequence {
  readonly column: string;
  readonly oid: string;
  readonly place: Sql;
}

/** Those of identities and serials, and those that the default of an older table draws from. */
async function sequencesOf(client: pg.Client, table: Sql): Promise<Sequence[]> {
  const { rows } = await query<Record<'column' | 'oid' | 'schema' | 'name', string>>(
    client,
    sql`SELECT a.attname AS column, c.oid, n.nspname AS schema, c.relname AS name
      FROM pg_catalog.pg_attribute a
      JOIN LATERAL (
        SELECT d.objid AS oid FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
        UNION SELECT d.refobjid FROM pg_catalog.pg_attrdef e
          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum
      ) s ON true
      JOIN pg_catalog.pg_class c ON c.oid = s.oid AND c.relkind = 'S'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attrelid = ${table.text}::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    'look for the sequences of the keys',
  );
  return rows.map((row) => ({ column: row.column, oid: row.oid, place: qualified(row.schema, row.name) }));
}

/** The highest value of a column of whole numbers; null when there is none. */
async function highest(client: pg.Client, table: Sql, column: string): Promise<bigint | null> {
  const { rows } = await query<{ last: string | null }>(
    client,
    sql`SELECT pg_catalog.max(${name(column)})::text AS last FROM ${table}`,
    'look for the highest key',
  );
  return rows[0].last === null ? null : BigInt(rows[0].last);
}
