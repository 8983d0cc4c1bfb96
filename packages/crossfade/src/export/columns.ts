import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import type { PgColumn } from './pg-table.ts';

/**
 * Of a column's collation `o` in the database `y`. By bytes order the C of the C library and PostgreSQL's own locales, which
 * go by code points. The default collation is the database's, whose provider servers before 15 do not name.
 */
const textOrder = sql`CASE WHEN o.oid IS NULL THEN NULL WHEN NOT o.collisdeterministic THEN 'loose'
    WHEN CASE o.collprovider WHEN 'd' THEN coalesce(pg_catalog.to_jsonb(y) ->> 'datlocprovider', 'c') ELSE o.collprovider::text END = 'b'
      OR CASE o.collprovider WHEN 'd' THEN y.datcollate WHEN 'c' THEN o.collcollate END IN ('C', 'POSIX')
        AND NOT (o.collprovider = 'd' AND pg_catalog.to_jsonb(y) ->> 'datlocprovider' = 'i')
    THEN 'bytes' ELSE 'language' END`;

/** The columns of a table, in their order. */
export async function readColumns(client: pg.Client, oid: string): Promise<PgColumn[]> {
  const { rows } = await query<
    Record<'name' | 'type' | 'kind' | 'written' | 'required' | 'generated', string> &
      Record<'value' | 'sequence', string | null> & { collation: PgColumn['collation'] }
  >(
    client,
    sql`WITH RECURSIVE base (oid, of) AS (
        SELECT oid, oid FROM pg_catalog.pg_type
        UNION ALL SELECT t.typbasetype, b.of FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
      SELECT a.attname AS name, t.typname AS type, t.typtype::text AS kind, ${textOrder} AS collation, pg_catalog.format_type(a.atttypid, a.atttypmod) AS written, a.attnotnull AS required,
        a.attgenerated <> '' AS generated, CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS value,
        (SELECT s.objid::pg_catalog.regclass::text FROM pg_catalog.pg_depend s JOIN pg_catalog.pg_class q ON q.oid = s.objid AND q.relkind = 'S'
          WHERE s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND s.deptype IN ('a', 'i') LIMIT 1) AS sequence
      FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN base b ON b.of = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
        LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
        JOIN pg_catalog.pg_database y ON y.datname = pg_catalog.current_database()
      WHERE a.attrelid = ${oid}::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    'read the columns',
  );
  const columns: PgColumn[] = [];
  for (const { name, type, kind, collation, written, required, generated, value, sequence } of rows)
    columns.push({
      name,
      type,
      kind,
      collation,
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
