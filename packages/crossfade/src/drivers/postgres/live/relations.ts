import type pg from 'pg';
import { qualified } from '../../../schema/ddl.ts';
import type { Table } from '../table.ts';
import { run } from './place.ts';

/** A table that a collection's rows lie in: its own, or a partition or heir of it. */
export interface Relation {
  /** Quoted. */
  readonly name: string;
  /** It gets the row triggers of the table that it is a part of. */
  readonly isPartition: boolean;
  /** Triggers of ours that fire where they have to, whatever session_replication_role says, by name. */
  readonly triggers: readonly string[];
}

/** A collection's tables as the catalog has them now. */
export interface ArmedTable {
  readonly oid: string;
  /** Partitions last. */
  readonly relations: readonly Relation[];
  /**
   * Another one when the triggers of capture were dropped, disabled or changed, even if they are back since, when the
   * table was rewritten, or when other columns have the names of the fields.
   */
  readonly fingerprint: string;
}

const text = `WITH RECURSIVE tree AS (
    SELECT c.relname AS collection, c.oid AS root, c.oid AS relation
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT t.collection, t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation)
  SELECT t.collection, t.root::text,
    json_agg(json_build_object('schema', n.nspname, 'name', c.relname, 'isPartition', c.relispartition,
      'triggers', (SELECT coalesce(json_agg(g.tgname), '[]') FROM pg_trigger g
        WHERE g.tgrelid = c.oid AND starts_with(g.tgname, 'crossfade_') 
          AND g.tgenabled = CASE g.tgname WHEN 'crossfade_fence_row' THEN 'R' ELSE 'A' END)) ORDER BY c.relispartition, c.oid)::text,
    md5(string_agg(concat_ws(' ', c.oid, pg_relation_filenode(c.oid),
      (SELECT string_agg(concat_ws(' ', a.attname, a.attnum, a.atttypid), ',' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname IN (SELECT json_array_elements_text($3::json -> t.collection::text))),
      (SELECT string_agg(concat_ws(' ', g.oid, g.xmin, g.tgenabled, p.oid, p.xmin), ',' ORDER BY g.oid)
        FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE g.tgrelid = c.oid AND starts_with(g.tgname, 'crossfade_capture'))), ';' ORDER BY c.oid))
  FROM tree t JOIN pg_class c ON c.oid = t.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  GROUP BY t.collection, t.root`;

/** The tables of the collections that are there. */
export async function armedTables(
  client: pg.Client,
  schema: string,
  tables: ReadonlyMap<string, Table>,
): Promise<ReadonlyMap<string, ArmedTable>> {
  const fields = Object.fromEntries([...tables].map(([name, table]) => [name, table.fields]));
  const { rows } = await run(client, text, [schema, [...tables.keys()], JSON.stringify(fields)]);
  return new Map(
    (rows as [string, string, string, string][]).map(([collection, oid, found, fingerprint]) => {
      const relations = (JSON.parse(found) as (Relation & { readonly schema: string })[]).map((each) => ({
        ...each,
        name: qualified(each.schema, each.name),
      }));
      return [collection, { oid, relations, fingerprint }];
    }),
  );
}

/** Whether each of the triggers fires on every relation of the table. */
export function isArmed(table: ArmedTable | undefined, triggers: readonly string[]): boolean {
  return (
    table !== undefined &&
    table.relations.every((relation) => triggers.every((trigger) => relation.triggers.includes(trigger)))
  );
}
