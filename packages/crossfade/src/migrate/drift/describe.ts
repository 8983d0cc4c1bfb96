import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { query, transaction } from '../../pg/connect.ts';
import { join, name, quoted, type Sql, sql, trusted } from '../../pg/sql.ts';
import * as code from './catalog-code.ts';
import * as tables from './catalog-tables.ts';
import * as search from './catalog-text-search.ts';
import * as types from './catalog-types.ts';
import { type Kind, keyOf, kinds, type SchemaDescription, type SchemaObject } from './description.ts';
import type { Scope } from './own.ts';

/** What to read besides the schema itself. */
export interface DescribeOptions {
  /** Owners and grants as well. Default false: they are rarely a matter of the files. */
  readonly privileges?: boolean;
}

const catalog: readonly ((scope: Scope) => Sql)[] = [
  types.extensions,
  types.collations,
  types.enums,
  types.domains,
  types.domainConstraints,
  types.composites,
  types.ranges,
  types.sequences,
  code.functions,
  code.aggregates,
  types.casts,
  search.dictionaries,
  search.configurations,
  tables.tables,
  tables.columns,
  tables.constraints,
  tables.indexes,
  code.views,
  code.viewDefaults,
  code.columnComments,
  code.statistics,
  code.triggers,
  code.partitionTriggers,
  code.rules,
  code.policies,
];

/**
 * Reads the description of one schema within one snapshot. Writes nothing, locks no table against writers, and reads
 * catalogs alone, never rows. A schema that does not exist is described as empty.
 *
 * @param client opened by `connect`, with no transaction under way
 * @throws CrossfadeError E_TARGET_RIGHTS without USAGE on the schema; E_TARGET_LOST, E_TARGET_REFUSED
 */
export function describeSchema(
  client: pg.Client,
  schema: string,
  options: DescribeOptions = {},
): Promise<SchemaDescription> {
  return transaction(client, () => readSchema(client, schema, options), 'read');
}

/**
 * As {@link describeSchema}, inside the transaction that the caller has begun.
 *
 * The queries are parsed while the search path is pg_catalog alone, so that nothing that a user has put into the schema
 * can be called by them. Only then does the schema come onto the path, where PostgreSQL's own printing of definitions
 * looks to see which names need no schema before them. An open cursor keeps its first parse; a statement would not.
 */
export async function readSchema(
  client: pg.Client,
  schema: string,
  options: DescribeOptions = {},
): Promise<SchemaDescription> {
  const scope: Scope = { schema, privileges: options.privileges === true };
  const doing = `read the catalog of schema "${schema}"`;
  await query(client, trusted('SET LOCAL search_path = pg_catalog'), doing);
  await refuseUnseen(client, schema);
  const cursor = (i: number): Sql => name(`crossfade_catalog_${i}`);
  const declared = catalog.map((of, i) => sql`DECLARE ${cursor(i)} NO SCROLL CURSOR FOR ${of(scope)}`);
  await query(client, join(declared, '; '), doing);
  await query(client, sql`SET LOCAL search_path = ${name(schema)}, pg_temp`, doing);
  const objects: SchemaObject[] = [];
  for (const i of catalog.keys()) {
    const { rows } = await query(client, sql`FETCH ALL FROM ${cursor(i)}`, doing);
    objects.push(...rows.map((row) => objectOf(row)));
    await query(client, sql`CLOSE ${cursor(i)}`, doing);
  }
  await query(client, trusted('SET LOCAL search_path = pg_catalog'), doing);
  const { rows } = await query(client, sql`SELECT quote_ident(${quoted(schema)}) AS name`, doing);
  const prefix = `${rows[0]?.name ?? schema}.`;
  return {
    schema,
    privileges: scope.privileges,
    objects: objects.map((object) => unqualified(object, prefix)).sort(byPlace),
  };
}

/** PostgreSQL leaves a schema that the role may not use off the search path, and would print all names otherwise. */
async function refuseUnseen(client: pg.Client, schema: string): Promise<void> {
  const allowed = sql`SELECT FROM pg_namespace WHERE nspname = ${schema} AND NOT has_schema_privilege(oid, 'USAGE')`;
  if ((await query(client, allowed, 'look for the schema')).rowCount === 0) return;
  throw new CrossfadeError(
    'E_TARGET_RIGHTS',
    `The role may not use the schema "${schema}", so it cannot be described. Nothing was done. Run: GRANT USAGE ON SCHEMA … TO …`,
    { schema },
  );
}

function objectOf(row: Record<string, string | null>): SchemaObject {
  const parsed = (json: string | null | undefined) => JSON.parse(json ?? '{}') as SchemaObject['facts'];
  return {
    kind: row.kind as Kind,
    name: row.name ?? '',
    on: row.on ?? null,
    facts: parsed(row.facts),
    aux: parsed(row.aux),
  };
}

/** Two of PostgreSQL's functions write the schema before the object's own name whatever the path is. */
const alwaysQualified: Partial<Record<Kind, string>> = {
  function: 'CREATE OR REPLACE FUNCTION ',
  procedure: 'CREATE OR REPLACE PROCEDURE ',
  statistics: 'CREATE STATISTICS ',
};

function unqualified(object: SchemaObject, prefix: string): SchemaObject {
  const word = alwaysQualified[object.kind];
  const { definition } = object.facts;
  if (word === undefined || typeof definition !== 'string' || !definition.startsWith(word + prefix)) return object;
  return { ...object, facts: { ...object.facts, definition: word + definition.slice(word.length + prefix.length) } };
}

function byPlace(a: SchemaObject, b: SchemaObject): number {
  const kind = kinds.indexOf(a.kind) - kinds.indexOf(b.kind);
  if (kind !== 0) return kind;
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
