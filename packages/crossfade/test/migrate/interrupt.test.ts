import { expect, test } from 'vitest';
import { force } from '../../src/migrate/force.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { transaction } from '../../src/pg/connect.ts';
import { connected, refusal, until } from '../harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv, startCli } from '../support/cli.ts';
import { whileBuilding } from '../support/building.ts';
import { migrationFolder, versionOf } from '../support/migrations.ts';

/** The server notices a moment later that a client has gone; until then its index and our DROP would wait for each other. */
function buildEnded(database: TestDatabase): Promise<void> {
  return until(async () => {
    const { rows } = await database.query(
      "select from pg_stat_activity where datname = current_database() and query like 'CREATE INDEX%' and state = 'active'",
    );
    return rows.length === 0;
  });
}

test('Ctrl-C in a file without a transaction: exit 1, dirty, and the repair is printed', async () => {
  const database = await freshDatabase();
  let cli: ReturnType<typeof startCli> | undefined;
  await whileBuilding(
    database,
    (folder) => (cli = startCli(['migrate', 'up', '--dir', folder], { env: serverEnv(database) })),
    async (folder) => {
      cli?.kill('SIGINT');
      const ended = await cli?.ended;
      expect([ended?.status, ended?.stdout]).toEqual([1, '']);
      expect(ended?.stderr).toContain('E_INTERRUPTED');
      expect(ended?.stderr).toContain('The database is dirty now.');
      expect(ended?.stderr).toContain('crossfade migrate force none');
      expect(ended?.stderr).not.toContain('continues where it stopped');
      expect(await versionOf(database)).toBe('1 true');
      const status = await runCli(['migrate', 'status', '--dir', folder], { env: serverEnv(database) });
      expect([status.status, status.stdout]).toEqual([1, expect.stringContaining('version 1, DIRTY.')]);
    },
  );
});

test('Ctrl-C in a file with a transaction leaves nothing of it', async () => {
  const database = await freshDatabase();
  await database.query('create table public.t (x int)');
  const folder = migrationFolder({ '1_a.up.sql': 'CREATE TABLE u ();\nALTER TABLE t ADD COLUMN y int;' });
  const reader = await connected(database);
  await transaction(reader, async () => {
    await reader.query('select count(*) from public.t');
    const cli = startCli(['migrate', 'up', '--dir', folder], { env: serverEnv(database) });
    await until(async () => cli.stderr().includes('no lock within'));
    cli.kill('SIGTERM');
    expect(await cli.ended).toMatchObject({ status: 1, stderr: expect.stringContaining('E_INTERRUPTED') });
  });
  expect((await migrate({ folder, target: database })).version).toBe(1n);
});

test('a run whose lease is gone ends its own session, and writes no version', async () => {
  const database = await freshDatabase();
  let running: Promise<unknown> = Promise.resolve();
  const folder = await whileBuilding(
    database,
    (place) => (running = refusal(migrate({ folder: place, target: database, leaseMs: 400 }))),
    async () => {
      await database.query('delete from crossfade_migration_lease');
      const error = (await running) as { code: string; message: string };
      expect([error.code, error.message]).toEqual([
        'E_MIGRATION_BUSY',
        expect.stringContaining('lease of this run was lost'),
      ]);
      expect(await versionOf(database)).toBe('1 true');
    },
  );
  await buildEnded(database);
  await database.query('drop index if exists i');
  await force({ folder, target: database }, null);
  expect((await migrate({ folder, target: database })).version).toBe(1n);
});
