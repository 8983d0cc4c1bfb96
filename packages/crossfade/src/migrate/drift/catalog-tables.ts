import { type Sql, sql, trusted } from '../../pg/sql.ts';
import { sequenceClauses } from './catalog-types.ts';
import { grants, privileges, relations, type Scope, storageOptions } from './own.ts';

/** Tables of every sort, without their parts. */
export function tables(scope: Scope): Sql {
  return sql`SELECT 'table' AS kind, quote_ident(c.relname) AS name, NULL AS "on",
      json_build_object('sort', CASE c.relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
        'server', (SELECT quote_ident(s.srvname) FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver
          WHERE f.ftrelid = c.oid),
        'unlogged', c.relpersistence = 'u', 'partition key', pg_get_partkeydef(c.oid),
        'partition of', CASE WHEN c.relispartition THEN (SELECT i.inhparent::regclass::text FROM pg_inherits i
          WHERE i.inhrelid = c.oid) END,
        'partition bound', pg_get_expr(c.relpartbound, c.oid),
        'inherits', (SELECT coalesce(json_agg(i.inhparent::regclass::text ORDER BY i.inhseqno), '[]')
          FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition),
        'row security', c.relrowsecurity, 'forced row security', c.relforcerowsecurity,
        'options', ${storageOptions},
        'foreign options', ${optionList('(SELECT f.ftoptions FROM pg_foreign_table f WHERE f.ftrelid = c.oid)')},
        'access method', (SELECT quote_ident(m.amname) FROM pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap'),
        'replica identity', CASE CASE WHEN c.relkind <> 'f' THEN c.relreplident END WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
          WHEN 'i' THEN (SELECT format('USING INDEX %I', x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisreplident) END,
        'comment', obj_description(c.oid, 'pg_class')${privileges(scope, 'c', 'rel', 'r')}) AS facts,
      json_build_object('columns', (SELECT coalesce(json_agg(quote_ident(a.attname) ORDER BY a.attnum), '[]')
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'needs', (SELECT coalesce(json_agg(n.name), '[]') FROM (
          SELECT i.inhparent::regclass::text AS name FROM pg_inherits i WHERE i.inhrelid = c.oid
          UNION SELECT k.confrelid::regclass::text FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'
          ORDER BY 1) n)) AS aux
    FROM ${relations(scope)} c WHERE c.relkind IN ('r', 'p', 'f')`;
}

/**
 * Columns of tables, inherited ones too, since a partition may have a default of its own. NOT NULL that was
 * added NOT VALID, which PostgreSQL 18 brought, is a state of its own.
 */
export function columns(scope: Scope): Sql {
  return sql`SELECT 'column' AS kind, quote_ident(a.attname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('type', format_type(a.atttypid, a.atttypmod),
        'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
        'not null', CASE WHEN a.attnotnull THEN CASE WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
          AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated) THEN 'NOT NULL NOT VALID' ELSE 'NOT NULL' END END,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', CASE WHEN a.attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) %s',
          pg_get_expr(d.adbin, d.adrelid), CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END,
        'identity', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
        'identity options', (SELECT ${sequenceClauses} FROM pg_depend p JOIN pg_sequence q ON q.seqrelid = p.objid
          WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = c.oid AND p.refobjsubid = a.attnum
            AND p.classid = 'pg_class'::regclass AND p.deptype = 'i'),
        'storage', CASE WHEN a.attstorage <> t.typstorage THEN ${storage('a.attstorage')} END,
        'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
        'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END,
        'attribute options', ${optionList('a.attoptions')}, 'foreign options', ${optionList('a.attfdwoptions')},
        'comment', col_description(c.oid, a.attnum)${columnGrants(scope)}) AS facts,
      json_build_object('type storage', ${storage('t.typstorage')}, 'inherited', NOT a.attislocal) AS aux
    FROM ${relations(scope)} c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped`;
}

function optionList(options: string): Sql {
  return trusted(`(SELECT coalesce(json_agg(o ORDER BY o COLLATE "C"), '[]') FROM unnest(${options}) o)`);
}

function storage(column: string): Sql {
  return trusted(
    `CASE ${column} WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END`,
  );
}

function columnGrants(scope: Scope): Sql {
  return scope.privileges
    ? sql`, 'grants', CASE WHEN a.attacl IS NULL THEN '[]'::json ELSE ${grants(trusted('a.attacl'), trusted('c.relowner'))} END`
    : sql``;
}

/**
 * Table constraints but NOT NULL, which its column tells, and those that a partition has from its parent. One acts if
 * its triggers do, on every partition.
 */
export function constraints(scope: Scope): Sql {
  return sql`SELECT CASE k.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END AS kind,
      quote_ident(k.conname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('definition', pg_get_constraintdef(k.oid, true),
        'acting', NOT EXISTS (
          WITH RECURSIVE copies AS (SELECT k.oid
            UNION ALL SELECT x.oid FROM pg_constraint x JOIN copies ON x.conparentid = copies.oid)
          SELECT FROM pg_trigger t JOIN copies ON t.tgconstraint = copies.oid WHERE t.tgenabled IN ('D', 'R')),
        'comment', obj_description(k.oid, 'pg_constraint')) AS facts, '{}' AS aux
    FROM pg_constraint k JOIN ${relations(scope)} c ON c.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0)`;
}

/** Indexes but those that a constraint or the index of a partitioned table has made. */
export function indexes(scope: Scope): Sql {
  return sql`SELECT 'index' AS kind, quote_ident(x.relname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('definition', pg_get_indexdef(x.oid, 0, true), 'valid', i.indisvalid, 'clustered', i.indisclustered,
        'expression statistics', (SELECT coalesce(json_agg(format('%s %s', a.attnum, a.attstattarget) ORDER BY a.attnum), '[]')
          FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0),
        'comment', obj_description(x.oid, 'pg_class')) AS facts, '{}' AS aux
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN ${relations(scope)} c ON c.oid = i.indrelid
    WHERE NOT x.relispartition AND NOT EXISTS (
      SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x'))`;
}
