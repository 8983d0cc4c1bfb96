import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { qualified, sql } from '../pg/sql.ts';
import type { PgColumn, PgSequence } from './pg-table.ts';

/**
 * Of the collation `o` of a column, or of a part of an index, in the database `y`. By bytes order the C of the C library and PostgreSQL's own locales, which
 * go by code points. The default collation is the database's, whose provider servers before 15 do not name.
 */
export const textOrder = sql`CASE WHEN o.oid IS NULL THEN NULL WHEN NOT o.collisdeterministic THEN 'loose'
    WHEN CASE o.collprovider WHEN 'd' THEN coalesce(pg_catalog.to_jsonb(y) ->> 'datlocprovider', 'c') ELSE o.collprovider::text END = 'b'
      OR CASE o.collprovider WHEN 'd' THEN y.datcollate WHEN 'c' THEN o.collcollate END IN ('C', 'POSIX')
        AND NOT (o.collprovider = 'd' AND pg_catalog.to_jsonb(y) ->> 'datlocprovider' = 'i')
    THEN 'bytes' ELSE 'language' END`;

/** The columns of a table, in their order. */
export async function readColumns(client: pg.Client, oid: string): Promise<PgColumn[]> {
  const { rows } = await query<
    Record<'name' | 'type' | 'kind' | 'written' | 'base' | 'required' | 'generated' | 'domain', string> &
      Record<'value' | 'sequence', string | null> & { collation: PgColumn['collation'] }
  >(
    client,
    // The rows of a column whose NOT NULL is NOT VALID may be NULL.
    sql`WITH RECURSIVE base (oid, of, typmod) AS (
        SELECT oid, oid, NULL::int FROM pg_catalog.pg_type
        UNION ALL SELECT t.typbasetype, b.of, t.typtypmod FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
      SELECT a.attname AS name, t.typname AS type, t.typtype::text AS kind, ${textOrder} AS collation, pg_catalog.format_type(a.atttypid, a.atttypmod) AS written,
        pg_catalog.format_type(t.oid, coalesce(b.typmod, a.atttypmod)) AS base,
        a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n'
          AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated) AS required, t.oid <> a.atttypid AS domain,
        a.attgenerated <> '' AS generated, CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS value,
        (SELECT q.oid FROM pg_catalog.pg_depend s JOIN pg_catalog.pg_class q ON q.oid = s.objid AND q.relkind = 'S'
          WHERE s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum
            AND (s.deptype = 'i' OR s.deptype = 'a' AND EXISTS (SELECT FROM pg_catalog.pg_depend u
              WHERE u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND u.objid = d.oid AND u.refobjid = q.oid)) LIMIT 1) AS sequence
      FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN base b ON b.of = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
        LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation
        JOIN pg_catalog.pg_database y ON y.datname = pg_catalog.current_database()
      WHERE a.attrelid = ${oid}::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    'read the columns',
  );
  const columns: PgColumn[] = [];
  for (const { name, type, kind, collation, written, base, required, generated, domain, value, sequence } of rows)
    columns.push({
      name,
      type,
      kind,
      collation,
      written,
      base,
      required: required === 't',
      generated: generated === 't',
      isDomain: domain === 't',
      default: value,
      // An expression that has a number of the sequence in it is no counter.
      sequence:
        sequence === null || !/^(nextval\('.*'::regclass\))?$/s.test(value ?? '')
          ? null
          : await readSequence(client, sequence),
    });
  return columns;
}

async function readSequence(client: pg.Client, oid: string): Promise<PgSequence> {
  const { rows } = await query<Record<'schema' | 'name' | 'counting', string> & { last: string | null }>(
    client,
    sql`SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_sequence_last_value(c.oid)::text AS last,
        pg_catalog.array_to_json(pg_catalog.array_remove(ARRAY[
          CASE WHEN s.seqincrement <> 1 THEN 'INCREMENT BY ' || s.seqincrement END, CASE WHEN s.seqcycle THEN 'CYCLE' END,
          CASE WHEN s.seqincrement > 0 AND s.seqmax <> CASE s.seqtypid WHEN 'int2'::pg_catalog.regtype THEN 32767 WHEN 'int4'::pg_catalog.regtype THEN 2147483647 ELSE 9223372036854775807 END
            THEN 'MAXVALUE ' || s.seqmax END,
          (SELECT 'GENERATED ALWAYS' FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'i' AND a.attidentity = 'a')], NULL))::text AS counting
      FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ${oid}::oid`,
    'read a sequence',
  );
  const [{ schema, name, last, counting }] = rows;
  return {
    before: last === null ? (await startOf(client, schema, name)) - 1n : BigInt(last),
    isUsed: last !== null,
    counting: JSON.parse(counting) as string[],
  };
}

/** Where a sequence begins that has given no number, or none since somebody set it. */
async function startOf(client: pg.Client, schema: string, name: string): Promise<bigint> {
  const { rows } = await query<{ start: string }>(
    client,
    sql`SELECT last_value::text AS start FROM ${qualified(schema, name)}`,
    'read where a sequence begins',
  );
  return BigInt(rows[0].start);
}
