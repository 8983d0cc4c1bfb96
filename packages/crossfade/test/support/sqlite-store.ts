import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { SqliteDriver, SqliteDriverOptions } from '../../src/drivers/sqlite/store/driver.ts';
import { sqliteDriver } from '../../src/drivers/sqlite/store/driver.ts';
import type { Collections } from '../../src/schema/collection.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { suiteSchema, type SuiteSchema } from '../../src/store/suite/schema.ts';
import { tempFolder } from '../harness/folders.ts';

/** A store in a file of its own, or in the file of another, closed when the test ends. */
export async function sqliteStore<const S extends Collections = SuiteSchema>(
  options: Partial<SqliteDriverOptions> = {},
  schema: S = suiteSchema as never,
): Promise<{ store: Store<S>; driver: SqliteDriver; path: string }> {
  const path = options.path ?? join(tempFolder('store-'), 'store.db');
  const driver = sqliteDriver({ tables: 'create', ...options, path });
  const store = openStore(schema, driver);
  onTestFinished(() => store.close());
  await store.open();
  return { store, driver, path };
}

/** A program of this process that knows nothing of Crossfade, with SQLite's own settings. */
export function stranger(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: false });
  onTestFinished(() => db.close());
  return db;
}

const program = `
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(process.argv[1], { timeout: 5_000, enableForeignKeyConstraints: false });
db.exec(process.argv[2]);
db.close();`;

/** Runs SQL in another process that knows nothing of Crossfade; returns what it has printed on its standard error. */
export function strangerProcess(path: string, sql: string): string {
  return spawnSync(process.execPath, ['--no-warnings', '-e', program, path, sql], { encoding: 'utf8' }).stderr;
}
