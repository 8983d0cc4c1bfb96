import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { connect, disconnect, query, transaction } from '../../pg/connect.ts';
import { settingStatements } from '../../pg/session.ts';
import { join, name, quoted, type Sql, sql } from '../../pg/sql.ts';
import type { Script } from '../model.ts';
import type { Build, Built } from './build.ts';
import { readSchema } from './describe.ts';
import type { SchemaDescription, SchemaObject } from './description.ts';
import { instead, runFiles } from './run-files.ts';
import { scratchName } from './scratch.ts';

/** Thrown to roll back what was built, with what was seen of it. */
class Seen extends Error {
  readonly built: Built;
  constructor(built: Built) {
    super('seen');
    this.built = built;
  }
}

/**
 * Builds the schema beside the live one, inside one transaction that is always rolled back. Nothing in the live schema
 * is on its search path, and a file that takes a lock outside is stopped at its end.
 *
 * @throws CrossfadeError E_TARGET_RIGHTS when the role may not even create a schema
 */
export async function buildInSchema(build: Build): Promise<Built> {
  const { target, signal } = build;
  const client = await connect(target, { application: 'crossfade drift', ...(signal && { signal }) });
  try {
    await transaction(client, async () => {
      throw new Seen(await filled(client, build));
    });
  } catch (error) {
    if (error instanceof Seen) return error.built;
    throw error;
  } finally {
    await disconnect(client);
  }
  throw new TypeError('A throwaway schema was committed.');
}

async function filled(client: pg.Client, { schema, scripts, privileges }: Build): Promise<Built> {
  const scratch = await scratchName(client);
  await query(client, sql`CREATE SCHEMA ${name(scratch)}`, 'create a throwaway schema').catch(explained);
  const beside = await extensionSchemas(client, schema);
  const path = join([scratch, ...beside].map((each) => name(each)));
  // Nobody who works in the live schema may have to wait for a mistake of a file.
  const settings = settingStatements('transaction', 0);
  const prelude = sql`RESET ROLE; ${settings}; SET LOCAL search_path = ${path}; SET LOCAL lock_timeout = '2s'`;
  const check = (script: Script): Promise<void> => stayedInside(client, script, scratch);
  const passedOver = await runFiles(client, scripts, { way: 'schema', schema, prelude, check });
  await query(client, sql`RESET ROLE`, 'set up the session');
  const described = await readSchema(client, scratch, { privileges });
  return { way: 'schema', description: await renamed(client, described, schema), passedOver };
}

function explained(error: unknown): never {
  if (!(error instanceof CrossfadeError) || error.facts.sqlstate !== '42501') throw error;
  throw new CrossfadeError(
    'E_TARGET_RIGHTS',
    'The role may create neither a database nor a schema, so the files have nowhere to run. Nothing was done. Give it one of both: ALTER ROLE … CREATEDB, or GRANT CREATE ON DATABASE … TO …; a role that only reads cannot verify.',
    error.facts,
  );
}

/** Types and functions of extensions must be found; the live schema itself stays off the path, whatever is in it. */
async function extensionSchemas(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await query<{ name: string }>(
    client,
    sql`SELECT DISTINCT n.nspname AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      WHERE n.nspname NOT IN ('pg_catalog', ${schema}) ORDER BY 1`,
    'look for extensions',
  );
  return rows.map((row) => row.name);
}

/** Statements built at run time, as in DO, can name any table: the locks that the transaction holds tell. */
async function stayedInside(client: pg.Client, script: Script, scratch: string): Promise<void> {
  const held: Sql = sql`SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.mode <> 'AccessShareLock'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', ${scratch}) AND n.nspname !~ '^pg_(toast|temp)' LIMIT 1`;
  await query(client, sql`SET LOCAL search_path = pg_catalog`, 'set up the session');
  const { rows } = await query(client, held, 'look which tables a file has touched');
  if (rows[0] === undefined) return;
  throw new CrossfadeError(
    'E_MIGRATION_UNFIT',
    `${script.path} touches ${rows[0].name ?? 'a table'}, which is a real one: it cannot run in a throwaway schema. Everything was rolled back. ${instead}.`,
    { path: script.path },
  );
}

/** The random name cannot stand anywhere by chance, so wherever it stands the real one belongs. */
async function renamed(client: pg.Client, described: SchemaDescription, schema: string): Promise<SchemaDescription> {
  const { rows } = await query(client, sql`SELECT quote_ident(${quoted(schema)}) AS name`, 'quote a name');
  const text = JSON.stringify(described.objects);
  const inJson = JSON.stringify(rows[0]?.name ?? schema).slice(1, -1);
  return {
    ...described,
    schema,
    objects: JSON.parse(text.replaceAll(described.schema, () => inJson)) as SchemaObject[],
  };
}
