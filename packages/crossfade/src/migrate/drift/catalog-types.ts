import { type Sql, quoted, sql, trusted } from '../../pg/sql.ts';
import { notOfExtension, privileges, relations, type Scope, types } from './own.ts';

/** Extensions of the whole database: one in another schema may still be what the files need. */
export function extensions({ schema }: Scope): Sql {
  return sql`SELECT 'extension' AS kind, quote_ident(e.extname) AS name, NULL AS "on",
      json_build_object('version', e.extversion,
        'schema', CASE WHEN n.nspname = ${quoted(schema)} THEN NULL ELSE quote_ident(n.nspname) END) AS facts,
      '{}' AS aux
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'`;
}

/** Values in their own order, which is how they compare. */
export function enums(scope: Scope): Sql {
  return sql`SELECT 'enum' AS kind, quote_ident(t.typname) AS name, NULL AS "on",
      json_build_object('values', (SELECT coalesce(json_agg(quote_literal(e.enumlabel) ORDER BY e.enumsortorder), '[]')
          FROM pg_enum e WHERE e.enumtypid = t.oid),
        'comment', obj_description(t.oid, 'pg_type')${privileges(scope, 't', 'typ', 'T')}) AS facts, '{}' AS aux
    FROM ${types(scope)} t WHERE t.typtype = 'e'`;
}

/** Domains; their checks come apart, since they have names. */
export function domains(scope: Scope): Sql {
  return sql`SELECT 'domain' AS kind, quote_ident(t.typname) AS name, NULL AS "on",
      json_build_object('type', format_type(t.typbasetype, t.typtypmod),
        'collation', CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END,
        'default', coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault), 'not null', t.typnotnull,
        'comment', obj_description(t.oid, 'pg_type')${privileges(scope, 't', 'typ', 'T')}) AS facts, '{}' AS aux
    FROM ${types(scope)} t JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd'`;
}

/** The checks of domains. PostgreSQL 17 and newer also list NOT NULL there, which the domain itself tells. */
export function domainConstraints(scope: Scope): Sql {
  return sql`SELECT 'domain constraint' AS kind, quote_ident(k.conname) AS name, quote_ident(t.typname) AS "on",
      json_build_object('definition', pg_get_constraintdef(k.oid, true),
        'comment', obj_description(k.oid, 'pg_constraint')) AS facts, '{}' AS aux
    FROM pg_constraint k JOIN ${types(scope)} t ON t.oid = k.contypid WHERE k.contype = 'c'`;
}

/** Row types made by CREATE TYPE; those of tables are the tables. */
export function composites(scope: Scope): Sql {
  return sql`SELECT 'composite type' AS kind, quote_ident(t.typname) AS name, NULL AS "on",
      json_build_object('attributes', (SELECT coalesce(json_agg(format('%I %s%s', a.attname,
            format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %s', a.attcollation::regcollation) END)
            ORDER BY a.attnum), '[]')
          FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'comment', obj_description(t.oid, 'pg_type')${privileges(scope, 't', 'typ', 'T')}) AS facts, '{}' AS aux
    FROM ${types(scope)} t JOIN ${relations(scope)} c ON c.oid = t.typrelid WHERE t.typtype = 'c' AND c.relkind = 'c'`;
}

/** Ranges with all that CREATE TYPE ... AS RANGE takes. */
export function ranges(scope: Scope): Sql {
  return sql`SELECT 'range type' AS kind, quote_ident(t.typname) AS name, NULL AS "on",
      json_build_object('clauses', array_remove(ARRAY[
          format('SUBTYPE = %s', format_type(r.rngsubtype, NULL)),
          CASE WHEN NOT o.opcdefault THEN format('SUBTYPE_OPCLASS = %I', o.opcname) END,
          CASE WHEN r.rngcollation <> s.typcollation THEN format('COLLATION = %s', r.rngcollation::regcollation) END,
          CASE WHEN r.rngcanonical <> 0 THEN format('CANONICAL = %s', r.rngcanonical) END,
          CASE WHEN r.rngsubdiff <> 0 THEN format('SUBTYPE_DIFF = %s', r.rngsubdiff) END,
          format('MULTIRANGE_TYPE_NAME = %s', r.rngmultitypid::regtype)], NULL),
        'comment', obj_description(t.oid, 'pg_type')${privileges(scope, 't', 'typ', 'T')}) AS facts, '{}' AS aux
    FROM ${types(scope)} t JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type s ON s.oid = r.rngsubtype
      JOIN pg_opclass o ON o.oid = r.rngsubopc
    WHERE t.typtype = 'r'`;
}

/** The clauses of a sequence, for pg_sequence under the name `q`. Its current value is data and not among them. */
export const sequenceClauses: Sql = trusted(`json_build_array(format('AS %s', format_type(q.seqtypid, NULL)),
  format('INCREMENT BY %s', q.seqincrement), format('MINVALUE %s', q.seqmin), format('MAXVALUE %s', q.seqmax),
  format('START WITH %s', q.seqstart), format('CACHE %s', q.seqcache),
  CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)`);

/** Sequences made by CREATE SEQUENCE or serial. Those of identity columns are described with their column. */
export function sequences(scope: Scope): Sql {
  return sql`SELECT 'sequence' AS kind, quote_ident(c.relname) AS name, NULL AS "on",
      json_build_object('clauses', ${sequenceClauses}, 'unlogged', c.relpersistence = 'u',
        'owned by', (SELECT format('%s.%I', d.refobjid::regclass, a.attname)
          FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a'
            AND d.refclassid = 'pg_class'::regclass),
        'comment', obj_description(c.oid, 'pg_class')${privileges(scope, 'c', 'rel', 's')}) AS facts, '{}' AS aux
    FROM ${relations(scope)} c JOIN pg_sequence q ON q.seqrelid = c.oid
    WHERE NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')`;
}

/** What CREATE COLLATION takes. Its version is left out: that is the library of the server. */
export function collations({ schema }: Scope): Sql {
  // Where the locale stands has changed its column in 15 and in 17, and rules are there since 16: a row as JSON has what there is.
  return sql`SELECT 'collation' AS kind, quote_ident(c.collname) AS name, NULL AS "on",
      json_build_object('clauses', array_remove(ARRAY[
          'PROVIDER = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
          CASE WHEN c.collprovider <> 'c' THEN format('LOCALE = %L', coalesce(j.row->>'colllocale', j.row->>'colliculocale', j.row->>'collcollate')) END,
          CASE WHEN c.collprovider = 'c' THEN format('LC_COLLATE = %L', c.collcollate) END,
          CASE WHEN c.collprovider = 'c' THEN format('LC_CTYPE = %L', c.collctype) END,
          CASE WHEN NOT c.collisdeterministic THEN 'DETERMINISTIC = false' END,
          CASE WHEN j.row->>'collicurules' IS NOT NULL THEN format('RULES = %L', j.row->>'collicurules') END], NULL),
        'comment', obj_description(c.oid, 'pg_collation')) AS facts, '{}' AS aux
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace, LATERAL (SELECT to_jsonb(c)) j (row)
    WHERE n.nspname = ${quoted(schema)} AND ${notOfExtension('pg_collation', 'c')}`;
}

/** Casts that a type or function of the schema takes part in; not those that a range type brings. */
export function casts({ schema }: Scope): Sql {
  return sql`SELECT 'cast' AS kind, format('(%s AS %s)', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)) AS name,
      NULL AS "on",
      json_build_object('definition', CASE k.castmethod WHEN 'f' THEN format('WITH FUNCTION %s', k.castfunc::regprocedure)
            WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
          || CASE k.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END,
        'comment', obj_description(k.oid, 'pg_cast')) AS facts, '{}' AS aux
    FROM pg_cast k
    WHERE ${notOfExtension('pg_cast', 'k')}
      AND NOT EXISTS (SELECT FROM pg_depend i
        WHERE i.classid = 'pg_cast'::regclass AND i.objid = k.oid AND i.deptype = 'i')
      AND EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = ${quoted(schema)}
        AND (EXISTS (SELECT FROM pg_type t WHERE t.oid IN (k.castsource, k.casttarget) AND t.typnamespace = n.oid)
          OR EXISTS (SELECT FROM pg_proc p WHERE p.oid = k.castfunc AND p.pronamespace = n.oid)))`;
}
