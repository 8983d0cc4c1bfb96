import { type Sql, quoted, sql } from '../../pg/sql.ts';
import { notOfExtension, type Scope } from './own.ts';

/** Dictionaries with their options, as PostgreSQL keeps them: `language = 'english', stopwords = 'english'`. */
export function dictionaries({ schema }: Scope): Sql {
  return sql`SELECT 'text search dictionary' AS kind, quote_ident(d.dictname) AS name, NULL AS "on",
      json_build_object('template', format('%I.%I', tn.nspname, t.tmplname), 'options', d.dictinitoption,
        'comment', obj_description(d.oid, 'pg_ts_dict')) AS facts, '{}' AS aux
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
      JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
    WHERE n.nspname = ${quoted(schema)} AND ${notOfExtension('pg_ts_dict', 'd')}`;
}

/** Configurations: which dictionaries see which kind of token, in their order. */
export function configurations({ schema }: Scope): Sql {
  return sql`SELECT 'text search configuration' AS kind, quote_ident(c.cfgname) AS name, NULL AS "on",
      json_build_object('parser', format('%I.%I', pn.nspname, p.prsname),
        'mappings', (SELECT coalesce(json_agg(m.line ORDER BY m.line COLLATE "C"), '[]') FROM (
          SELECT format('%I WITH %s', k.alias, string_agg(w.mapdict::regdictionary::text, ', ' ORDER BY w.mapseqno)) AS line
          FROM pg_ts_config_map w JOIN ts_token_type(c.cfgparser) k ON k.tokid = w.maptokentype
          WHERE w.mapcfg = c.oid GROUP BY k.alias) m),
        'comment', obj_description(c.oid, 'pg_ts_config')) AS facts, '{}' AS aux
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
      JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
    WHERE n.nspname = ${quoted(schema)} AND ${notOfExtension('pg_ts_config', 'c')}`;
}
