import { type Sql, quoted, sql, trusted } from '../../pg/sql.ts';
import { notOfExtension, privileges, relations, type Scope, storageOptions } from './own.ts';

/** Functions and procedures, as PostgreSQL would write them again; not the constructors that a range type brings. */
export function functions(scope: Scope): Sql {
  return sql`SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
      format('%I(%s)', p.proname, (SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.i)
        FROM unnest(p.proargtypes) WITH ORDINALITY a (type, i))) AS name, NULL AS "on",
      json_build_object('definition', pg_get_functiondef(p.oid),
        'comment', obj_description(p.oid, 'pg_proc')${privileges(scope, 'p', 'pro', 'f')}) AS facts,
      json_build_object('signature', concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))) AS aux
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ${quoted(scope.schema)} AND p.prokind <> 'a' AND ${notOfExtension('pg_proc', 'p')}
      AND NOT EXISTS (SELECT FROM pg_depend i
        WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')`;
}

/** Aggregates, for which PostgreSQL has no function that writes them. */
export function aggregates(scope: Scope): Sql {
  return sql`SELECT 'aggregate' AS kind, format('%I(%s)', p.proname, CASE WHEN g.aggkind = 'n' AND p.pronargs = 0 THEN '*'
        ELSE pg_get_function_identity_arguments(p.oid) END) AS name, NULL AS "on",
      json_build_object('clauses', array_remove(ARRAY[
          format('SFUNC = %s', g.aggtransfn), format('STYPE = %s', format_type(g.aggtranstype, NULL)),
          CASE WHEN g.aggtransspace > 0 THEN format('SSPACE = %s', g.aggtransspace) END,
          CASE WHEN g.aggfinalfn <> 0 THEN format('FINALFUNC = %s', g.aggfinalfn) END,
          CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
          CASE WHEN g.aggfinalfn <> 0 THEN ${modifies('FINALFUNC_MODIFY', 'g.aggfinalmodify')} END,
          CASE WHEN g.aggcombinefn <> 0 THEN format('COMBINEFUNC = %s', g.aggcombinefn) END,
          CASE WHEN g.aggserialfn <> 0 THEN format('SERIALFUNC = %s', g.aggserialfn) END,
          CASE WHEN g.aggdeserialfn <> 0 THEN format('DESERIALFUNC = %s', g.aggdeserialfn) END,
          CASE WHEN g.agginitval IS NOT NULL THEN format('INITCOND = %L', g.agginitval) END,
          CASE WHEN g.aggmtransfn <> 0 THEN format('MSFUNC = %s', g.aggmtransfn) END,
          CASE WHEN g.aggminvtransfn <> 0 THEN format('MINVFUNC = %s', g.aggminvtransfn) END,
          CASE WHEN g.aggmtranstype <> 0 THEN format('MSTYPE = %s', format_type(g.aggmtranstype, NULL)) END,
          CASE WHEN g.aggmtransspace > 0 THEN format('MSSPACE = %s', g.aggmtransspace) END,
          CASE WHEN g.aggmfinalfn <> 0 THEN format('MFINALFUNC = %s', g.aggmfinalfn) END,
          CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
          CASE WHEN g.aggmfinalfn <> 0 THEN ${modifies('MFINALFUNC_MODIFY', 'g.aggmfinalmodify')} END,
          CASE WHEN g.aggminitval IS NOT NULL THEN format('MINITCOND = %L', g.aggminitval) END,
          CASE WHEN g.aggsortop <> 0 THEN format('SORTOP = %s', g.aggsortop::regoperator) END,
          CASE WHEN g.aggkind = 'h' THEN 'HYPOTHETICAL' END,
          CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END], NULL),
        'comment', obj_description(p.oid, 'pg_proc')${privileges(scope, 'p', 'pro', 'f')}) AS facts, '{}' AS aux
    FROM pg_proc p JOIN pg_aggregate g ON g.aggfnoid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ${quoted(scope.schema)} AND ${notOfExtension('pg_proc', 'p')}`;
}

/** What a final function does to the state, where it is not what PostgreSQL takes for granted. */
function modifies(clause: string, column: string): Sql {
  return trusted(`CASE WHEN ${column} <> CASE g.aggkind WHEN 'n' THEN 'r' ELSE 'w' END THEN '${clause} = '
    || CASE ${column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END`);
}

/** Views and materialized views. Whether one is filled is data, not schema. */
export function views(scope: Scope): Sql {
  return sql`SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
      quote_ident(c.relname) AS name, NULL AS "on",
      json_build_object('columns', (SELECT coalesce(json_agg(format('%I %s', a.attname,
            format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'definition', pg_get_viewdef(c.oid, true),
        'options', ${storageOptions},
        'comment', obj_description(c.oid, 'pg_class')${privileges(scope, 'c', 'rel', 'r')}) AS facts,
      json_build_object('needs', (SELECT coalesce(json_agg(DISTINCT d.refobjid::regclass::text), '[]')
        FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE r.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid)) AS aux
    FROM ${relations(scope)} c WHERE c.relkind IN ('v', 'm')`;
}

/** Defaults that ALTER VIEW has given to columns: an INSERT through the view takes them before those of its table. */
export function viewDefaults(scope: Scope): Sql {
  return sql`SELECT 'view default' AS kind, quote_ident(a.attname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('default', pg_get_expr(d.adbin, d.adrelid)) AS facts, '{}' AS aux
    FROM ${relations(scope)} c JOIN pg_attribute a ON a.attrelid = c.oid
      JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'v' AND NOT a.attisdropped`;
}

/** Comments on columns of what is no table; those of tables are told with the column. */
export function columnComments(scope: Scope): Sql {
  return sql`SELECT 'column comment' AS kind, quote_ident(a.attname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('comment', col_description(c.oid, a.attnum)) AS facts, '{}' AS aux
    FROM ${relations(scope)} c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
      AND col_description(c.oid, a.attnum) IS NOT NULL`;
}

/** What CREATE STATISTICS has made. */
export function statistics(scope: Scope): Sql {
  return sql`SELECT 'statistics' AS kind, quote_ident(s.stxname) AS name, NULL AS "on",
      json_build_object('definition', pg_get_statisticsobjdef(s.oid),
        'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END,
        'comment', obj_description(s.oid, 'pg_statistic_ext')) AS facts,
      json_build_object('table', quote_ident(c.relname)) AS aux
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN ${relations(scope)} c ON c.oid = s.stxrelid
    WHERE n.nspname = ${quoted(scope.schema)} AND ${notOfExtension('pg_statistic_ext', 's')}`;
}

const states = sql`WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END`;

/** Triggers that a person made: not those of foreign keys, and not the clones on partitions. */
export function triggers(scope: Scope): Sql {
  return sql`SELECT 'trigger' AS kind, quote_ident(t.tgname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('definition', pg_get_triggerdef(t.oid, true), 'state', CASE t.tgenabled ${states},
        'comment', obj_description(t.oid, 'pg_trigger')) AS facts, '{}' AS aux
    FROM pg_trigger t JOIN ${relations(scope)} c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0`;
}

/** What a partition has of a trigger of its parent: only whether it fires is its own. */
export function partitionTriggers(scope: Scope): Sql {
  return sql`SELECT 'partition trigger' AS kind, quote_ident(t.tgname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('state', CASE t.tgenabled ${states}) AS facts,
      json_build_object('inherited', true, 'parent state', CASE p.tgenabled ${states}) AS aux
    FROM pg_trigger t JOIN pg_trigger p ON p.oid = t.tgparentid JOIN ${relations(scope)} c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal OR p.tgconstraint = 0`;
}

/** Rules but those that are the views. */
export function rules(scope: Scope): Sql {
  return sql`SELECT 'rule' AS kind, quote_ident(r.rulename) AS name, quote_ident(c.relname) AS "on",
      json_build_object('definition', pg_get_ruledef(r.oid, true), 'state', CASE r.ev_enabled ${states},
        'comment', obj_description(r.oid, 'pg_rewrite')) AS facts, '{}' AS aux
    FROM pg_rewrite r JOIN ${relations(scope)} c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'`;
}

/** Policies of row security. */
export function policies(scope: Scope): Sql {
  return sql`SELECT 'policy' AS kind, quote_ident(p.polname) AS name, quote_ident(c.relname) AS "on",
      json_build_object('permissive', p.polpermissive, 'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
          WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        'roles', (SELECT json_agg(r.name ORDER BY r.name COLLATE "C") FROM (SELECT CASE WHEN o = 0 THEN 'PUBLIC'
          ELSE quote_ident(pg_get_userbyid(o)::text) END AS name FROM unnest(p.polroles) o) r),
        'using', pg_get_expr(p.polqual, p.polrelid, true), 'check', pg_get_expr(p.polwithcheck, p.polrelid, true),
        'comment', obj_description(p.oid, 'pg_policy')) AS facts, '{}' AS aux
    FROM pg_policy p JOIN ${relations(scope)} c ON c.oid = p.polrelid`;
}
