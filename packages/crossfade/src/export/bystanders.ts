import type pg from 'pg';
import { query } from '../pg/connect.ts';
import { join, sql, type Sql } from '../pg/sql.ts';

/** What belongs to a schema or shows in it, and is not copied. */
export interface Bystander {
  readonly kind: string;
  readonly name: string;
  readonly why: string;
}

const ofTheServer = "it is a program in PostgreSQL's dialect";
const noRoles = 'a copy knows no roles; who may open it may read all of it';
const asText = "its values stand as PostgreSQL's own text, and any text may";

/** Why things of a kind are not copied. A kind that is not here is told as well. */
const reasons: Readonly<Record<string, string>> = {
  view: "a view is a query in PostgreSQL's dialect",
  'materialized view': "a view is a query in PostgreSQL's dialect",
  'foreign table': 'its rows are those of another server',
  partition: 'its rows stand in the copy of its parent; its bounds, and what it alone has, are not copied',
  inheritance: 'PostgreSQL shows the rows of both in the parent; in the copy each table has its own',
  'inheriting table': 'its rows show in the parent, but it stands in another schema; copy that one too',
  trigger: ofTheServer,
  rule: ofTheServer,
  function: ofTheServer,
  procedure: ofTheServer,
  aggregate: ofTheServer,
  operator: ofTheServer,
  extension: ofTheServer,
  sequence: 'no column that is copied owns it',
  domain: 'its columns have the type below it, without its conditions',
  enum: asText,
  range: asText,
  'composite type': asText,
  policy: noRoles,
  'row security': noRoles,
  privileges: noRoles,
  'default acl': noRoles,
  comment: 'a copy has no place for it',
  'security label': 'a copy has no place for it',
  'numbers of large objects': 'the column is copied, and the bytes of a large object that it may name are not',
  'statistics object': "only PostgreSQL's planner reads it",
};

/**
 * Whatever stands in a schema, or belongs to a table of it, according to PostgreSQL's own book of what depends on what:
 * only what is copied, or told elsewhere, is named here, so that nothing can be forgotten that a later server brings.
 *
 * @param schema its oid
 * @param tables the oids of the tables that are copied
 */
export async function bystanders(client: pg.Client, schema: string, tables: readonly string[]): Promise<Bystander[]> {
  const of = sql`(${join(tables.length === 0 ? [sql`0`] : tables.map((oid) => sql`${oid}::oid`))})`;
  const { rows } = await query<Record<'kind' | 'name' | 'prefix', string>>(
    client,
    sql`WITH thing AS (${things(schema, of)}),
      schema (prefix) AS (SELECT pg_catalog.quote_ident(nspname) || '.' FROM pg_catalog.pg_namespace WHERE oid = ${schema}::oid),
      found (kind, name) AS (
        SELECT kind, (pg_catalog.pg_identify_object(classid, objid, 0)).identity FROM (${named}) AS n
        UNION ALL ${aspects(schema, of)})
      SELECT DISTINCT kind, name, prefix FROM found, schema ORDER BY 1, 2`,
    'read what else the schema holds',
  );
  return rows.map(({ kind, name, prefix }) => ({
    kind,
    name: name.startsWith(prefix) ? name.slice(prefix.length) : name.replace(` on ${prefix}`, ' on '),
    why: reasons[kind] ?? 'a copy has nothing of this kind',
  }));
}

/** Everything that depends on the schema itself or belongs to a table, but for what an extension has brought. */
function things(schema: string, tables: Sql): Sql {
  return sql`SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d
    WHERE (d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid = ${schema}::oid
        OR d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid IN ${tables} AND d.deptype IN ('a', 'i'))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')`;
}

/**
 * Not here: tables, and what is read with them and told where it is not carried over (constraints, indexes, defaults, the
 * sequences that columns own), and parts that PostgreSQL has made of another thing, such as a table's row type.
 */
const named = sql`SELECT t.classid, t.objid,
      CASE WHEN c.relispartition THEN 'partition'
        ELSE coalesce(CASE y.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' WHEN 'c' THEN 'composite type' END,
          (pg_catalog.pg_identify_object(t.classid, t.objid, 0)).type) END AS kind
    FROM thing t LEFT JOIN pg_catalog.pg_class c ON t.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = t.objid
      LEFT JOIN pg_catalog.pg_type y ON t.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND y.oid = t.objid
    WHERE t.classid NOT IN ('pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass)
      AND (c.oid IS NULL OR c.relkind NOT IN ('r', 'p', 'i', 'I') OR c.relkind IN ('r', 'p') AND c.relispartition AND EXISTS (
        SELECT FROM pg_catalog.pg_class r WHERE r.oid = pg_catalog.pg_partition_root(c.oid) AND r.relnamespace = c.relnamespace))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = t.classid AND i.objid = t.objid
        AND (i.deptype = 'i' OR c.relkind = 'S' AND i.deptype = 'a'))`;

/**
 * What words may be about beyond things: the schema itself, and the indexes that keys have made, which belong to these
 * and not to their table.
 */
function subjects(schema: string, tables: Sql): Sql {
  return sql`TABLE thing UNION SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, ${schema}::oid
    UNION SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, indexrelid FROM pg_catalog.pg_index WHERE indrelid IN ${tables}`;
}

/** What is said about things. Every database says one and the same of its schema public. */
const words = sql`SELECT 'comment' AS kind, classoid, objoid, objsubid FROM pg_catalog.pg_description
      WHERE NOT (classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND description = 'standard public schema')
    UNION ALL SELECT 'security label', classoid, objoid, objsubid FROM pg_catalog.pg_seclabel`;

/** What has no entry of its own there: a property of a table, or a word about something. */
function aspects(schema: string, tables: Sql): Sql {
  return sql`SELECT 'row security', relname FROM pg_catalog.pg_class WHERE oid IN ${tables} AND relrowsecurity
    UNION ALL SELECT 'privileges', relname FROM pg_catalog.pg_class c WHERE oid IN ${tables} AND (relacl IS NOT NULL
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))
    UNION ALL SELECT 'privileges', 'sequence ' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d ON d.classid = d.refclassid AND d.objid = c.oid
      WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid IN ${tables} AND c.relkind = 'S' AND c.relacl IS NOT NULL
    UNION ALL SELECT 'privileges', 'schema ' || nspname FROM pg_catalog.pg_namespace n WHERE oid = ${schema}::oid AND nspacl IS DISTINCT FROM (
      SELECT initprivs FROM pg_catalog.pg_init_privs WHERE classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND objoid = n.oid)
    UNION ALL SELECT 'default acl', (pg_catalog.pg_identify_object('pg_catalog.pg_default_acl'::pg_catalog.regclass, oid, 0)).identity
      FROM pg_catalog.pg_default_acl WHERE defaclnamespace = 0
    UNION ALL SELECT CASE WHEN c.relnamespace = p.relnamespace THEN 'inheritance' ELSE 'inheriting table' END,
        c.oid::pg_catalog.regclass || ' of ' || p.relname
      FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
      WHERE p.relnamespace = ${schema}::oid AND p.relkind = 'r'
    UNION ALL SELECT 'numbers of large objects', c.relname || '.' || pg_catalog.quote_ident(a.attname)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.oid IN ${tables} AND EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AND EXISTS (
        WITH RECURSIVE base (oid) AS (VALUES (a.atttypid) UNION ALL SELECT t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype = 'd')
        SELECT FROM base WHERE oid = 'pg_catalog.oid'::pg_catalog.regtype)
    UNION ALL SELECT d.kind, coalesce(c.relname || '.' || pg_catalog.quote_ident(a.attname), n.identity)
      FROM (${words}) AS d JOIN (${subjects(schema, tables)}) AS t ON t.classid = d.classoid AND t.objid = d.objoid AND t.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
        LEFT JOIN pg_catalog.pg_class c ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objoid
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0,
        LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, 0) AS n`;
}
