import { migrationStatus } from '../../src/migrate/status.ts';
import { transaction } from '../../src/pg/connect.ts';
import { connected, until } from '../harness/connections.ts';
import type { TestDatabase } from '../harness/postgres.ts';
import { migrationFolder, noTransaction } from './migrations.ts';

/**
 * A file without a transaction that is at its first statement for as long as `work` takes: CREATE INDEX CONCURRENTLY
 * waits for every transaction that is older than it and has written.
 */
export async function whileBuilding(
  database: TestDatabase,
  start: (folder: string) => unknown,
  work: (folder: string) => Promise<void>,
): Promise<string> {
  await database.query('create table public.t (x int)');
  const folder = migrationFolder({ '1_a.up.sql': `${noTransaction}CREATE INDEX CONCURRENTLY i ON t (x);\nSELECT 1;` });
  const old = await connected(database);
  await transaction(old, async () => {
    await old.query('insert into public.t values (1)');
    start(folder);
    await until(async () => (await migrationStatus({ folder, target: database })).run?.statement === 1);
    await work(folder);
  });
  return folder;
}
