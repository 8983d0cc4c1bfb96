import type { ParsedStatement, Tree } from '../statements.ts';

/** Where the schema of the files is built: a database of its own, or a schema beside the live one. */
export type Way = 'database' | 'schema';

/** What becomes of a statement while the schema is built. */
export type Fit =
  | { readonly run: string }
  /** It says nothing of the schema, or would reach beyond the throwaway; `skip` completes "it was passed over: …". */
  | { readonly skip: string }
  /** It cannot be run there without touching the live schema; `refuse` completes "it …". */
  | { readonly refuse: string };

/** Roles, databases and tablespaces belong to the whole server: a throwaway database does not hold them in. */
const serverWide: ReadonlySet<string> = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  'ReassignOwnedStmt',
  'DropOwnedStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'AlterDatabaseStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseRefreshCollStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterTableSpaceOptionsStmt',
  'AlterSystemStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
]);
const serverWideObjects: ReadonlySet<unknown> = new Set(['OBJECT_ROLE', 'OBJECT_DATABASE', 'OBJECT_TABLESPACE']);

/** What cannot run in a transaction, and changes no schema. */
const upkeep: ReadonlySet<string> = new Set(['VacuumStmt', 'ReindexStmt', 'CheckPointStmt']);

/** Decides about one statement. `schema` is the live schema. */
export function fit({ sql, tree }: ParsedStatement, way: Way, schema: string): Fit {
  const [kind, body] = Object.entries(tree as Record<string, Record<string, unknown>>)[0] ?? ['', {}];
  const object = body.objtype ?? body.objectType ?? body.renameType ?? body.removeType;
  if (serverWide.has(kind) || serverWideObjects.has(object))
    return { skip: 'it concerns the whole server and not one schema' };
  if (way === 'database') return { run: sql };
  if (upkeep.has(kind)) return { skip: 'it changes no schema and cannot run in a transaction' };
  if (kind === 'TransactionStmt') return transactionFit(String(body.kind), sql);
  if (kind === 'CreateExtensionStmt')
    return { skip: 'a database holds an extension once, and the live schema may use it' };
  const ofSchemas = (kind === 'GrantStmt' || kind === 'CommentStmt') && object === 'OBJECT_SCHEMA';
  if (ofSchemas || (kind === 'CreateSchemaStmt' && body.schemaname === schema && body.schemaElts === undefined))
    return { skip: 'it is about a schema itself' };
  const named = namedSchema(tree, schema, JSON.stringify(tree).includes('search_path'));
  if (named !== null) return { refuse: `names the schema "${named}", which is the real one` };
  return { run: withoutConcurrently(sql, tree) };
}

function transactionFit(kind: string, sql: string): Fit {
  if (/_(BEGIN|START|COMMIT)$/.test(kind)) return { skip: 'all files run in one transaction' };
  if (/SAVEPOINT|RELEASE|ROLLBACK_TO/.test(kind)) return { run: sql };
  return { refuse: 'ends the transaction that is to be rolled back at the end' };
}

const systemSchemas: ReadonlySet<unknown> = new Set(['pg_catalog', 'information_schema', 'pg_temp']);

/** A schema that the statement addresses by name and in which something real may stand; null when there is none. */
function namedSchema(tree: unknown, schema: string, setsPath: boolean): string | null {
  if (typeof tree !== 'object' || tree === null) return null;
  for (const [key, value] of Object.entries(tree as Record<string, unknown>)) {
    // A column may be called as the schema is.
    if (key === 'ColumnRef') continue;
    const real =
      key === 'schemaname' || key === 'newschema' ? typeof value === 'string' && !systemSchemas.has(value) : false;
    if (real) return String(value);
    const isName = key === 'String' || (key === 'A_Const' && setsPath);
    if (isName && JSON.stringify(value).includes(`"sval":${JSON.stringify(schema)}`)) return schema;
    const found = namedSchema(value, schema, setsPath);
    if (found !== null) return found;
  }
  return null;
}

/** CONCURRENTLY changes how an index is built, not which; in a transaction it is refused. */
function withoutConcurrently(sql: string, tree: Tree): string {
  if (!JSON.stringify(tree).includes('"concurrent":true')) return sql;
  let done = false;
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\bconcurrently\b/gi, (piece) => {
    if (done || !/^concurrently$/i.test(piece)) return piece;
    done = true;
    return '';
  });
}
