import type { TestDatabase } from '../harness/postgres.ts';

/** Everything of a schema that DDL decides, as sorted text: what two ways to the same schema must have in common. */
export async function schemaOf(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    `with t as (select oid, relname from pg_class where relnamespace = (select oid from pg_namespace where nspname = $1) and relkind in ('r', 'p'))
     select format('column %s.%s #%s %s %s %s %s %s %s', relname, attname, attnum, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
         attcollation, coalesce(pg_get_expr(adbin, adrelid), '-')) as part
       from t join pg_attribute a on attrelid = t.oid and attnum > 0 and not attisdropped left join pg_attrdef on adrelid = t.oid and adnum = attnum
     union all select format('constraint %s %s %s %s %s %s', relname, conname, pg_get_constraintdef(k.oid), convalidated, condeferrable, condeferred)
       from t join pg_constraint k on conrelid = t.oid
     union all select format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid) from t join pg_index on indrelid = t.oid
     union all select format('sequence %s %s %s %s %s %s', c.relname, format_type(seqtypid, null), seqincrement, seqmin, seqmax, seqcycle)
       from pg_sequence join pg_class c on c.oid = seqrelid where c.relnamespace = (select oid from pg_namespace where nspname = $1)
     union all select format('trigger %s', pg_get_triggerdef(g.oid)) from t join pg_trigger g on tgrelid = t.oid where not tgisinternal
     order by 1`,
    [schema],
  );
  return rows.map(({ part }) => part as string);
}

/** Where the sequence of each table stands. */
export async function sequencesOf(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    'select sequencename, last_value::text from pg_sequences where schemaname = $1 order by 1',
    [schema],
  );
  return rows.map(({ sequencename, last_value }) => `${sequencename} ${last_value ?? 'unused'}`);
}

/** Relations of a schema, whatever they are. */
export async function relationsOf(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    `select relname from pg_class where relnamespace = (select oid from pg_namespace where nspname = $1) order by 1`,
    [schema],
  );
  return rows.map(({ relname }) => relname as string);
}
