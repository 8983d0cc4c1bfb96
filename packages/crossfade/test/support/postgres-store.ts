import type pg from 'pg';
import { onTestFinished } from 'vitest';
import {
  type PostgresDriver,
  type PostgresDriverOptions,
  postgresDriver,
} from '../../src/drivers/postgres/postgres.ts';
import type { Target } from '../../src/pg/target.ts';
import type { Collections } from '../../src/schema/collection.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { suiteSchema, type SuiteSchema } from '../../src/store/suite/schema.ts';
import { plainClient } from './plain-client.ts';

/** A store in a PostgreSQL schema, closed when the test ends. */
export async function postgresStore<const S extends Collections = SuiteSchema>(
  options: Omit<PostgresDriverOptions, 'tables'>,
  schema: S = suiteSchema as never,
): Promise<{ store: Store<S>; driver: PostgresDriver }> {
  const driver = postgresDriver({ ...options, tables: 'create' });
  const store = openStore(schema, driver);
  onTestFinished(() => store.close());
  await store.open();
  return { store, driver };
}

/** A program that knows nothing of Crossfade, looking at one schema, until the test ends. */
export async function stranger(target: Target, schema: string): Promise<pg.Client> {
  const client = await plainClient(target);
  onTestFinished(() => client.end());
  await client.query("SELECT set_config('search_path', quote_ident($1), false)", [schema]);
  return client;
}
