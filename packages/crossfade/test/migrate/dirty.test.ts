import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrate, migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { migrationFolder, noTransaction, versionOf } from '../support/migrations.ts';

/** The commands that a message names, in order. */
function commands(message: string): string[][] {
  return [...message.matchAll(/crossfade (migrate force \w+)/g)].map((match) => (match[1] ?? '').split(' '));
}

async function broken() {
  const database = await freshDatabase();
  const folder = migrationFolder({
    '8_ok.up.sql': 'CREATE TABLE t (x int);',
    '8_ok.down.sql': 'DROP TABLE t;',
    '9_bad.up.sql': `${noTransaction}CREATE INDEX CONCURRENTLY one ON t (x);\nCREATE INDEX CONCURRENTLY two ON nowhere (x);\nSELECT 1;`,
    '9_bad.down.sql': `${noTransaction}DROP INDEX CONCURRENTLY one;\nDROP INDEX CONCURRENTLY nothing;`,
  });
  return { database, folder, options: { folder, target: database } };
}

test('the second statement of a file without a transaction fails: dirty, and every later run refuses with the repair', async () => {
  const { database, folder, options } = await broken();
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({
    code: 'E_MIGRATION_FAILED',
    facts: { statement: 2, statements: 3, line: 3, column: 1, sqlstate: '42P01' },
  });
  expect(error.message).toContain('Statement 1 ran.');
  expect(await versionOf(database)).toBe('9 true');
  for (const goal of [{ kind: 'up' }, { kind: 'down', count: 1 }] as const) {
    const refused = await refusal(migrateTo(options, goal));
    expect(refused).toMatchObject({ code: 'E_MIGRATION_DIRTY', facts: { statement: 2, line: 3, sqlstate: '42P01' } });
    expect(refused.message).toContain('9_bad.up.sql failed in statement 2 of 3 (line 3, SQLSTATE 42P01)');
    expect(commands(refused.message)).toEqual([
      ['migrate', 'force', '8'],
      ['migrate', 'force', '9'],
    ]);
  }
  const [first = []] = commands((await refusal(migrate(options))).message);
  await database.query('drop index one');
  writeFileSync(join(folder, '9_bad.up.sql'), `${noTransaction}CREATE INDEX CONCURRENTLY one ON t (x);`);
  const env = serverEnv(database);
  const forced = await runCli([...first, '--dir', folder], { env });
  expect([forced.status, forced.stdout]).toEqual([0, expect.stringContaining('version 8, clean (before: 9, dirty)')]);
  expect((await runCli(['migrate', 'up', '--dir', folder], { env })).status).toBe(0);
  expect(await versionOf(database)).toBe('9 false');
  const { rows } = await database.query(
    "select version::int, applied_by from crossfade_migrations where direction = 'force'",
  );
  expect(rows).toEqual([{ version: 8, applied_by: expect.stringContaining('@') }]);
});

test('a file that was completed by hand is forced to its own version', async () => {
  const { database, folder, options } = await broken();
  await refusal(migrate(options));
  const [, second = []] = commands((await refusal(migrate(options))).message);
  expect((await runCli([...second, '--dir', folder], { env: serverEnv(database) })).status).toBe(0);
  expect(await migrate(options)).toMatchObject({ version: 9n, ran: [] });
});

test('going down in a file without a transaction leaves what golang-migrate leaves: the version it goes to, dirty', async () => {
  const { database, folder, options } = await broken();
  writeFileSync(join(folder, '9_bad.up.sql'), `${noTransaction}CREATE INDEX CONCURRENTLY one ON t (x);`);
  await migrate(options);
  expect((await refusal(migrateTo(options, { kind: 'down', count: 1 }))).code).toBe('E_MIGRATION_FAILED');
  expect(await versionOf(database)).toBe('8 true');
  const refused = await refusal(migrate(options));
  expect(commands(refused.message)).toEqual([
    ['migrate', 'force', '9'],
    ['migrate', 'force', '8'],
  ]);
});

test('the first file, going down, leaves -1 and is forced to none', async () => {
  const database = await freshDatabase();
  const folder = migrationFolder({ '1_a': ['SELECT 1;', `${noTransaction}DROP TABLE nothing;`] });
  const options = { folder, target: database };
  await migrate(options);
  await refusal(migrateTo(options, { kind: 'down', count: 'all' }));
  expect(await versionOf(database)).toBe('-1 true');
  const env = serverEnv(database);
  for (const none of ['none', '-1'])
    expect((await runCli(['migrate', 'force', none, '--dir', folder], { env })).status).toBe(0);
  expect(await versionOf(database)).toBe('');
});
