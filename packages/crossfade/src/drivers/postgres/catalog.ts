import type pg from 'pg';
import { query } from '../../pg/connect.ts';
import { type Sql, sql } from '../../pg/sql.ts';

/** A column as the catalog has it. */
export interface CatalogColumn {
  readonly name: string;
  /** With its limits, as PostgreSQL spells it. */
  readonly type: string;
  readonly isNotNull: boolean;
  readonly isGenerated: boolean;
  readonly hasDefault: boolean;
  /** Its collation may find different texts equal. */
  readonly isLoose: boolean;
}

/** A unique set of columns, as a constraint or an index. */
export interface CatalogUnique {
  readonly name: string;
  readonly columns: readonly string[];
  /** It counts with each statement, which ON CONFLICT asks for. */
  readonly isImmediate: boolean;
  /** It counts at the end of a transaction. */
  readonly isDeferred: boolean;
}

/** A foreign key. */
export interface CatalogReference {
  readonly columns: readonly string[];
  readonly to: string;
  readonly toColumns: readonly string[];
  readonly onRemove: 'remove' | 'refuse' | 'other';
  /** It counts at the end of a transaction. */
  readonly isDeferred: boolean;
}

/** A table as the catalog has it. */
export interface CatalogTable {
  readonly columns: readonly CatalogColumn[];
  readonly unique: readonly CatalogUnique[];
  readonly references: readonly CatalogReference[];
  /** See {@link strictIndexes}. */
  readonly isStrict: boolean;
}

/**
 * Whether the table `c` of a query has an index that is no unique set of columns, refuses rows all the same, and counts
 * with each statement: partial, by an expression, of an exclusion, or left invalid.
 */
export const strictIndexes: Sql = sql`EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid
  AND (x.indisexclusion OR (x.indisunique AND (x.indpred IS NOT NULL OR x.indexprs IS NOT NULL OR NOT x.indisvalid)))
  AND NOT EXISTS (SELECT FROM pg_constraint u WHERE u.conindid = x.indexrelid AND u.contype IN ('p', 'u', 'x') AND u.condeferred))`;

/** The tables of the schema that have one of the names. @throws CrossfadeError as `query` does */
export async function readCatalog(
  client: pg.Client,
  schema: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, CatalogTable>> {
  const { rows } = await query<{ name: string; found: string }>(
    client,
    sql`SELECT c.relname AS name, json_build_object(
        'columns', (SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
            'isGenerated', a.attgenerated <> '' OR a.attidentity = 'a',
            'hasDefault', a.atthasdef OR a.attidentity <> '',
            'isLoose', coalesce(NOT l.collisdeterministic, false)) ORDER BY a.attnum), '[]')
          FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'unique', (SELECT coalesce(json_agg(json_build_object(
            'name', i.relname, 'isImmediate', x.indimmediate,
            'isDeferred', EXISTS (SELECT FROM pg_constraint u WHERE u.conindid = i.oid AND u.contype IN ('p', 'u') AND u.condeferred),
            'columns', (SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, at)
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.at <= x.indnkeyatts))), '[]')
          FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
          WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL),
        'references', (SELECT coalesce(json_agg(json_build_object(
            'to', t.relname, 'isDeferred', r.condeferred,
            'onRemove', CASE r.confdeltype WHEN 'c' THEN 'remove' WHEN 'a' THEN 'refuse' WHEN 'r' THEN 'refuse' ELSE 'other' END,
            'columns', (SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(r.conkey) WITH ORDINALITY AS k (attnum, at)
              JOIN pg_attribute a ON a.attrelid = r.conrelid AND a.attnum = k.attnum),
            'toColumns', (SELECT json_agg(a.attname ORDER BY k.at) FROM unnest(r.confkey) WITH ORDINALITY AS k (attnum, at)
              JOIN pg_attribute a ON a.attrelid = r.confrelid AND a.attnum = k.attnum))), '[]')
          FROM pg_constraint r JOIN pg_class t ON t.oid = r.confrelid
          WHERE r.conrelid = c.oid AND r.contype = 'f'),
        'isStrict', ${strictIndexes}
      )::text AS found
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${schema} AND c.relname = ANY (${names}::text[]) AND c.relkind IN ('r', 'p')`,
    'read the tables of the store',
  );
  return new Map(rows.map(({ name, found }) => [name, JSON.parse(found) as CatalogTable]));
}
