import type pg from 'pg';
import { query } from '../../pg/connect.ts';
import { sql } from '../../pg/sql.ts';
import { type CatalogUnique, strictIndexes } from './catalog.ts';

/** A table that rows of a collection lie in, with its unique indexes. */
export interface Partition {
  readonly collection: string;
  readonly name: string;
  readonly unique: readonly Pick<CatalogUnique, 'name' | 'columns' | 'isDeferred'>[];
  /** See {@link strictIndexes}. */
  readonly isStrict: boolean;
}

/** The partitions of the tables of the schema that have one of the names. @throws CrossfadeError as `query` does */
export async function readPartitions(
  client: pg.Client,
  schema: string,
  names: readonly string[],
): Promise<readonly Partition[]> {
  const { rows } = await query<{ found: string }>(
    client,
    sql`WITH RECURSIVE tree AS (
        SELECT c.relname AS collection, c.oid AS relation FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = ${schema} AND c.relname = ANY (${names}::text[]) AND c.relkind = 'p'
        UNION ALL
        SELECT t.collection, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation)
      SELECT json_build_object('collection', t.collection, 'name', c.relname, 'unique',
        (SELECT coalesce(json_agg(json_build_object('name', i.relname, 'isDeferred', EXISTS (SELECT FROM pg_constraint u WHERE u.conindid = i.oid AND u.contype IN ('p', 'u') AND u.condeferred), 'columns',
            (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (x.indkey::int2[])))), '[]')
          FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND x.indisunique),
        'isStrict', ${strictIndexes})::text AS found
      FROM tree t JOIN pg_class c ON c.oid = t.relation WHERE c.relispartition`,
    'read the partitions of the store',
  );
  return rows.map(({ found }) => JSON.parse(found) as Partition);
}
