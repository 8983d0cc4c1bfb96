import type pg from 'pg';
import { query, transaction } from '../../pg/connect.ts';
import { sql, trusted } from '../../pg/sql.ts';
import type { Collections } from '../../schema/collection.ts';
import { readCatalog } from './catalog.ts';
import { createTables } from './create-tables.ts';
import { checkNames, checkTable } from './misfit.ts';
import { type Partition, readPartitions } from './partitions.ts';
import type { KeyConstraint, KeyConstraints } from './refusals.ts';
import { type Table, tableOf } from './table.ts';

/** What `open` does about tables that are not there. */
export type TablesOption = 'expect' | 'create';

/** The tables of a schema, compared with the catalog. */
export interface OpenTables {
  readonly tables: ReadonlyMap<string, Table>;
  readonly keys: KeyConstraints;
  /** Every constraint counts at the end of a transaction. */
  readonly isOrderFree: boolean;
}

/**
 * Looks at every table, and makes the missing ones where that is wished; one that is there stays as it is.
 * @throws CrossfadeError E_TARGET_MISMATCH, E_TARGET_RIGHTS and what else PostgreSQL has to say; TypeError for names
 */
export async function openTables(
  client: pg.Client,
  schema: string,
  collections: Collections,
  option: TablesOption,
): Promise<OpenTables> {
  const tables = new Map(Object.entries(collections).map(([name, shape]) => [name, tableOf(schema, name, shape)]));
  checkNames(schema, tables.values());
  const names = [...tables.keys()];
  let found = await readCatalog(client, schema, names);
  if (option === 'create' && found.size < names.length) {
    await transaction(client, async () => {
      // Several that open at once make the tables once; the second then sees the first one's.
      await query(client, oneAtATime, 'wait for another store that makes its tables');
      const there = await readCatalog(client, schema, names);
      const missing = [...tables.values()].filter(({ name }) => !there.has(name));
      for (const text of createTables(schema, missing, tables)) await query(client, trusted(text), 'make the tables');
    });
    found = await readCatalog(client, schema, names);
  }
  for (const table of tables.values()) checkTable(schema, table, found.get(table.name), tables);
  const partitions = await readPartitions(client, schema, names);
  const keys = keyConstraints(tables, found, partitions);
  return { tables, keys, isOrderFree: isOrderFree(found, partitions, keys) };
}

/** Any number that nobody else is likely to lock. */
const oneAtATime = sql`SELECT pg_advisory_xact_lock(7163245089761325)`;

type Catalog = Awaited<ReturnType<typeof readCatalog>>;

function keyConstraints(
  tables: ReadonlyMap<string, Table>,
  found: Catalog,
  partitions: readonly Partition[],
): KeyConstraints {
  const own = [...tables.keys()].map((name) => ({ collection: name, name, unique: found.get(name)?.unique ?? [] }));
  return new Map([...partitions, ...own].map((each) => [each.name, keyConstraint(tables, each)]));
}

function keyConstraint(
  tables: ReadonlyMap<string, Table>,
  { collection, unique }: Pick<Partition, 'collection' | 'unique'>,
): KeyConstraint {
  const key = tables.get(collection)?.shape.key ?? [];
  const ofKey = unique.filter(
    ({ columns }) => columns.length === key.length && columns.every((column) => key.includes(column)),
  );
  return { collection, names: new Set(ofKey.map(({ name }) => name)) };
}

/** The key constraints with those of partitions that have come since. */
export async function withPartitions(
  client: pg.Client,
  schema: string,
  { tables, keys }: Pick<OpenTables, 'tables' | 'keys'>,
): Promise<KeyConstraints> {
  const partitions = await readPartitions(client, schema, [...tables.keys()]);
  return new Map([...partitions.map((each) => [each.name, keyConstraint(tables, each)] as const), ...keys]);
}

/** Tables and partitions may have indexes beyond those that the catalog asks for, which are not deferred. */
function isOrderFree(found: Catalog, partitions: readonly Partition[], keys: KeyConstraints): boolean {
  const roots = [...found].map(([name, { unique, isStrict }]) => ({ name, unique, isStrict }));
  return (
    [...roots, ...partitions].every(
      ({ name, unique, isStrict }) =>
        !isStrict && unique.every((each) => each.isDeferred || keys.get(name)?.names.has(each.name)),
    ) && [...found.values()].every(({ references }) => references.every((each) => each.isDeferred))
  );
}
