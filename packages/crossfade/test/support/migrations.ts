import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../harness/folders.ts';
import type { TestDatabase } from '../harness/postgres.ts';

/** What makes a file run outside a transaction. */
export const noTransaction = '-- crossfade: no-transaction\n';

/** A folder with these files; an array is [up, down] under a name like `000001_users`. */
export function migrationFolder(files: Readonly<Record<string, string | readonly [string, string]>>): string {
  const folder = tempFolder('migrations-');
  for (const [name, text] of Object.entries(files))
    if (typeof text === 'string') writeFileSync(join(folder, name), text);
    else {
      writeFileSync(join(folder, `${name}.up.sql`), text[0]);
      writeFileSync(join(folder, `${name}.down.sql`), text[1]);
    }
  return folder;
}

/** Version and dirty, as psql shows them. */
export async function versionOf(database: TestDatabase, schema = 'public'): Promise<string> {
  const { rows } = await database.query(`select version, dirty from "${schema}".schema_migrations`);
  return rows.map(({ version, dirty }) => `${version} ${dirty}`).join('; ');
}

/**
 * Everything that pg_dump -s would print of a schema, out of the catalogs: npm's PostgreSQL brings no pg_dump. Objects by
 * name, never by oid or by the order in which they were made.
 */
export async function schemaDump(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    `select line from (
      select format('relation %s %s %s %s', relname, relkind, reloptions, coalesce(relacl::text, '')) as line from pg_class where relnamespace = $1::regnamespace
      union all select format('column %s.%s %s %s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
          (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum))
        from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace = $1::regnamespace and attnum > 0 and not attisdropped and relkind in ('r', 'v', 'm', 'p', 'c')
      union all select format('position %s %s', attrelid::regclass, string_agg(attname, ',' order by attnum))
        from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace = $1::regnamespace and attnum > 0 and not attisdropped and relkind in ('r', 'p') group by attrelid
      union all select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace = $1::regnamespace
      union all select format('index %s', pg_get_indexdef(indexrelid)) || case when indisvalid then '' else ' INVALID' end
        from pg_index join pg_class on pg_class.oid = indexrelid where relnamespace = $1::regnamespace
      union all select format('view %s %s', oid::regclass, pg_get_viewdef(oid)) from pg_class where relnamespace = $1::regnamespace and relkind in ('v', 'm')
      union all select format('function %s', pg_get_functiondef(oid)) from pg_proc where pronamespace = $1::regnamespace and prokind in ('f', 'p')
      union all select format('trigger %s', pg_get_triggerdef(t.oid)) from pg_trigger t join pg_class c on c.oid = tgrelid where relnamespace = $1::regnamespace and not tgisinternal
      union all select format('type %s %s %s', typname, typtype, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
        from pg_type t where typnamespace = $1::regnamespace
      union all select format('sequence %s %s', sequencename, data_type) from pg_sequences where schemaname = $2
      union all select format('policy %s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) from pg_policy join pg_class c on c.oid = polrelid where relnamespace = $1::regnamespace
      union all select format('comment %s %s', objoid::regclass, description) from pg_description join pg_class c on c.oid = objoid where relnamespace = $1::regnamespace
    ) all_lines order by line collate "C"`,
    [schema, schema],
  );
  return rows.map(({ line }: { line: string }) => line);
}
