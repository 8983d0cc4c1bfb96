import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { migrationFolder, noTransaction } from '../../test/support/migrations.ts';
import { force } from './force.ts';
import type { Goal } from './goal.ts';
import { migrate, migrateTo, planTo } from './migrate.ts';
import { migrationStatus, needsRepair } from './status.ts';

/** Three migrations that have run; the file of the second is gone. */
async function scene() {
  const folder = migrationFolder({
    '1_a': ['CREATE TABLE a ();', 'DROP TABLE a;'],
    '2_b': ['CREATE TABLE b ();', 'DROP TABLE b;'],
    '3_c': ['CREATE TABLE c ();', 'DROP TABLE c;'],
  });
  const database = await freshDatabase();
  const options = { folder, target: database };
  await migrate(options);
  for (const half of ['up', 'down']) rmSync(join(folder, `2_b.${half}.sql`));
  return { database, folder, options };
}

test('an applied file that is gone is named by up, its plan and status', async () => {
  const { options } = await scene();
  const named = { code: 'gone', message: expect.stringMatching(/^2_b ran, and its file is gone.*migrate force 3$/) };
  expect((await migrate(options)).findings).toContainEqual({ ...named, path: null });
  expect((await planTo(options, { kind: 'up' })).findings).toContainEqual({ ...named, path: null });
  const status = await migrationStatus(options);
  expect(status.migrations.map(({ version, standing }) => `${version} ${standing}`)).toEqual([
    '1 applied',
    '2 gone',
    '3 applied',
  ]);
  expect([status.migrations[1]?.appliedBy, needsRepair(status)]).toEqual([expect.any(String), true]);
});

test.each([
  { kind: 'down', count: 1 },
  { kind: 'down', count: 'all' },
  { kind: 'goto', version: 1n },
  { kind: 'goto', version: null },
  { kind: 'redo' },
] satisfies Goal[])('$kind past it is refused, with what to do next', async (goal) => {
  const { database, options } = await scene();
  const error = await refusal(migrateTo(options, goal));
  expect(error).toMatchObject({ code: 'E_MIGRATION_MISSING', facts: { versions: ['2'] } });
  expect(error.message).toMatch(/2_b ran.*Nothing was run\. Bring the file back.*crossfade migrate force 3/);
  expect((await refusal(planTo(options, goal))).message).toBe(error.message);
  expect((await database.query("select to_regclass('c') as c")).rows).toEqual([{ c: 'c' }]);
});

test('force takes the folder as it is: the file is not missed any more, and the way down is open', async () => {
  const { options } = await scene();
  expect(await force(options, 3n)).toMatchObject({ gone: ['2_b'], accepted: [] });
  expect(await migrationStatus(options)).toMatchObject({ findings: [{ code: 'gap' }], migrations: [{}, {}] });
  expect((await migrateTo(options, { kind: 'down', count: 'all' })).version).toBeNull();
});

test('a file that went after it was undone is missed by nobody, also where it was undone by hand', async () => {
  const { options } = await scene();
  await force(options, 1n);
  expect((await migrationStatus(options)).migrations.map(({ standing }) => standing)).toEqual(['applied', 'pending']);
  await options.target.query('drop table c');
  expect((await migrate(options)).findings.map(({ code }) => code)).toEqual(['gap']);
});

test('what stopped in the middle says so, and how to repair it', async () => {
  const folder = migrationFolder({
    '1_a.up.sql': 'SELECT 1;',
    '2_b': [`${noTransaction}SELECT 1;\nSELECT nope;`, ''],
  });
  const options = { folder, target: await freshDatabase() };
  await refusal(migrate(options));
  const status = await migrationStatus(options);
  expect(status.migrations.map(({ standing }) => standing)).toEqual(['applied', 'stopped']);
  expect(status.repair).toMatch(/^Statement 1 ran\. .*migrate force 1 and run it again.*migrate force 2$/);
  await options.target.query('truncate crossfade_migration_lease');
  const other = await migrationStatus(options);
  expect([other.migrations[1]?.standing, other.repair]).toEqual(['stopped', expect.stringMatching(/migrate force 2$/)]);
});

test('what stopped on the way down is the file that it was in', async () => {
  const folder = migrationFolder({ '1_a.up.sql': 'SELECT 1;', '2_b': ['SELECT 2;', `${noTransaction}SELECT nope;`] });
  const options = { folder, target: await freshDatabase() };
  await migrate(options);
  await refusal(migrateTo(options, { kind: 'down', count: 1 }));
  expect((await migrationStatus(options)).migrations.map(({ standing }) => standing)).toEqual(['applied', 'stopped']);
});
