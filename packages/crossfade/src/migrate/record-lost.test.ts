import { expect, test } from 'vitest';
import { refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { type Fault, faultProxy } from '../../test/support/fault-proxy.ts';
import { migrationFolder, noTransaction, versionOf } from '../../test/support/migrations.ts';
import { force } from './force.ts';
import { migrate } from './migrate.ts';

/** A file without a transaction and one after it, through a proxy. */
async function scene(first: string, fault: Fault = {}) {
  const database = await freshDatabase();
  const folder = migrationFolder({ '1_a.up.sql': `${noTransaction}${first}`, '2_b.up.sql': 'CREATE TABLE b ();' });
  const { host, port } = await faultProxy(database, fault);
  return { database, direct: { folder, target: database }, options: { folder, target: { ...database, host, port } } };
}

async function history(database: Awaited<ReturnType<typeof freshDatabase>>) {
  const { rows } = await database.query('select version::int from crossfade_migrations order by id');
  return rows.map(({ version }: { version: number }) => version);
}

test('a run whose connection was ended while the last statement ran records the file, and goes on', async () => {
  const { database, options } = await scene(
    "CREATE TABLE t ();\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crossfade migrate' AND pid <> pg_backend_pid();",
  );
  expect((await migrate(options)).ran.map(({ version }) => version)).toEqual([1n, 2n]);
  expect([await versionOf(database), await history(database)]).toEqual(['2 false', [1, 2]]);
});

test('so does one whose connection was ended before the last statement began', async () => {
  const { database, options } = await scene(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crossfade migrate' AND pid <> pg_backend_pid();\nCREATE TABLE t ();",
  );
  expect((await migrate(options)).ran).toHaveLength(2);
  expect([await versionOf(database), await history(database)]).toEqual(['2 false', [1, 2]]);
});

/** What happens to the COMMIT that ends the lease, the first time. */
function atTheRecord(fate: 'not done' | 'done, and unheard'): Fault {
  let state: 'before' | 'ending' | 'after' = 'before';
  return {
    onCall: ({ text }, link) => {
      if (state === 'before' && /^DELETE FROM .*lease" WHERE owner/.test(text)) state = 'ending';
      if (state !== 'ending' || text !== 'COMMIT') return 'forward';
      state = 'after';
      if (fate === 'done, and unheard') return 'drop reply';
      link.cut();
      return 'forward';
    },
  };
}

test.each(['not done', 'done, and unheard'] as const)(
  'a COMMIT of the record that is %s when the connection breaks leaves one record',
  async (fate) => {
    const { database, options } = await scene('CREATE TABLE t ();', atTheRecord(fate));
    expect((await migrate(options)).ran.map(({ version }) => version)).toEqual([1n, 2n]);
    expect([await versionOf(database), await history(database)]).toEqual(['2 false', [1, 2]]);
  },
);

test('where no connection is to be had any more, the message says that everything ran, and its command is right', async () => {
  let isGone = false;
  const { database, direct, options } = await scene('CREATE TABLE t ();\nSELECT 2;', {
    onCall: ({ text }, link) => {
      if (text === 'SELECT 2') isGone = true;
      else if (isGone) link.cut();
      return 'forward';
    },
  });
  const error = await refusal(migrate({ ...options, leaseMs: 800 }));
  expect(error.message).toContain('Every statement of the file ran');
  expect(error.message).toContain('crossfade migrate force 1');
  expect(error.message).not.toContain('Run the same command again');
  expect(await versionOf(database)).toBe('1 true');
  await force(direct, 1n);
  expect((await migrate(direct)).ran.map(({ version }) => version)).toEqual([2n]);
});

test('a lease that somebody has taken away meanwhile is not recorded over', async () => {
  const { database, options } = await scene(
    "DELETE FROM crossfade_migration_lease;\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crossfade migrate' AND pid <> pg_backend_pid();",
  );
  expect((await refusal(migrate(options))).code).toBe('E_MIGRATION_BUSY');
  expect([await versionOf(database), await history(database)]).toEqual(['1 true', []]);
});
