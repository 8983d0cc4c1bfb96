import { tableNames } from '../tables.ts';
import { type Sql, join, quoted, sql, trusted } from '../../pg/sql.ts';

/** Tables that crossfade keeps beside the user's. They are made by no file and so are left out of every comparison. */
const ownTables: readonly string[] = Object.values(tableNames);

/** What the catalog queries are asked for. */
export interface Scope {
  readonly schema: string;
  readonly privileges: boolean;
}

type Catalog =
  | 'pg_class'
  | 'pg_type'
  | 'pg_proc'
  | 'pg_statistic_ext'
  | 'pg_collation'
  | 'pg_cast'
  | 'pg_ts_config'
  | 'pg_ts_dict';

/** `catalog` is the system catalog of the objects `alias`; members of extensions belong to the extension. */
export function notOfExtension(catalog: Catalog, alias: string): Sql {
  const [of, oid] = [quoted(catalog), trusted(`${alias}.oid`)];
  return sql`NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = ${of}::regclass AND x.objid = ${oid} AND x.deptype = 'e')`;
}

/** The relations of the schema without our own, as a subquery with the columns of pg_class. */
export function relations({ schema }: Scope): Sql {
  const ours = join(ownTables.map((table) => quoted(table)));
  return sql`(SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${quoted(schema)} AND c.relname NOT IN (${ours}) AND ${notOfExtension('pg_class', 'c')}
      AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class o ON o.oid = d.refobjid
        WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a'
          AND d.refclassid = 'pg_class'::regclass AND o.relnamespace = c.relnamespace AND o.relname IN (${ours})))`;
}

/** The storage parameters of a relation under the name `c`, those of its TOAST table too, as SET takes them. */
export const storageOptions: Sql =
  trusted(`(SELECT coalesce(json_agg(o.option ORDER BY o.option COLLATE "C"), '[]') FROM (
    SELECT unnest(c.reloptions) AS option
    UNION ALL SELECT 'toast.' || unnest(s.reloptions) FROM pg_class s WHERE s.oid = c.reltoastrelid) o)`);

/** The types of the schema, as a subquery with the columns of pg_type. */
export function types({ schema }: Scope): Sql {
  return sql`(SELECT t.* FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = ${quoted(schema)} AND ${notOfExtension('pg_type', 't')})`;
}

/**
 * The facts `owner` and `grants` where they are asked for, to be spliced into json_build_object. What an owner holds by
 * being the owner is left out.
 *
 * @param acl the letter by which acldefault() knows the kind of object
 */
export function privileges(scope: Scope, alias: string, prefix: string, acl: string): Sql {
  if (!scope.privileges) return sql``;
  const owner = trusted(`${alias}.${prefix}owner`);
  const held = sql`coalesce(${trusted(`${alias}.${prefix}acl`)}, acldefault(${quoted(acl)}, ${owner}))`;
  return sql`, 'owner', quote_ident(pg_get_userbyid(${owner})::text), 'grants', ${grants(held, owner)}`;
}

/** An access list as `SELECT TO ann`, one entry a right. */
export function grants(held: Sql, owner: Sql): Sql {
  return sql`(SELECT coalesce(json_agg(g.line ORDER BY g.line COLLATE "C"), '[]') FROM (
    SELECT format('%s TO %s%s', a.privilege_type,
      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)::text) END,
      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS line
    FROM aclexplode(${held}) a WHERE a.grantee <> ${owner}) g)`;
}
