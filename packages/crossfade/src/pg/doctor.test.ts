import { expect, onTestFinished, test } from 'vitest';
import { freshCluster } from '../../test/harness/cluster.ts';
import { isAboutHaste } from '../../test/harness/hasty.ts';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { doctor, nodeFinding } from './doctor.ts';
import type { Finding } from './finding.ts';
import { settingFindings } from './doctor-settings.ts';

/** A role of an ordinary user, dropped with what it owns. */
async function ordinaryRole(
  database: TestDatabase,
  rights: readonly string[],
): Promise<{ user: string; password: string }> {
  const user = `role_${database.database}`;
  await database.query(`create role ${user} login password 'pw'`);
  for (const right of rights) await database.query(`grant ${right} to ${user}`);
  onTestFinished(async () => {
    await database.query(`drop owned by ${user}`);
    await database.query(`drop role ${user}`);
  });
  return { user, password: 'pw' };
}

/** Of the server that tests share. */
function badOf(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.ok === 'bad' && !isAboutHaste(finding));
}

test('without a server only this machine is looked at, and it is fit', async () => {
  const findings = await doctor(null);
  expect(findings.map(({ area, ok }) => [area, ok])).toEqual([
    ['node', 'ok'],
    ['sqlite', 'ok'],
  ]);
  expect(findings[1]?.what).toMatch(/SQLite 3\.\d+/);
});

test.each([
  ['22.17.1', 'bad'],
  ['22.18.0', 'ok'],
  ['20.19.5', 'bad'],
  ['24.0.0', 'ok'],
])('Node %s is %s', (version, ok) => {
  expect(nodeFinding(version)).toMatchObject({ ok, what: `Node ${version}.` });
});

test('a healthy server has nothing bad, and every area is spoken of', async () => {
  const { target } = await freshCluster();
  const findings = await doctor(target);
  expect(findings.filter(({ ok }) => ok === 'bad')).toEqual([]);
  expect(new Set(findings.map(({ area }) => area))).toEqual(
    new Set(['node', 'sqlite', 'server', 'rights', 'durability', 'capacity', 'tls']),
  );
  expect(JSON.stringify(findings)).not.toContain(target.password);
});

test('an ordinary role sees as much, with the rights it has', async () => {
  const database = await freshDatabase();
  const login = await ordinaryRole(database, [
    `create on database ${database.database}`,
    'usage, create on schema public',
  ]);
  const findings = await doctor({ ...database, ...login });
  expect(badOf(findings)).toEqual([]);
  expect(findings.find(({ area }) => area === 'rights')?.what).toBe(
    `Role "${login.user}" may create schemas, and tables in "public".`,
  );
});

test('each missing right is bad, and its fix, when run, makes it good', async () => {
  const database = await freshDatabase();
  const login = await ordinaryRole(database, []);
  const target = { ...database, ...login };
  const missing = (await doctor(target)).filter(({ area, ok }) => area === 'rights' && ok === 'bad');
  expect(missing).toHaveLength(2);
  for (const { fix } of missing) await database.query(fix);
  expect(badOf(await doctor(target))).toEqual([]);
});

test('a schema that does not exist yet needs the right to create one, and no more', async () => {
  const database = await freshDatabase();
  const login = await ordinaryRole(database, [`create on database ${database.database}`]);
  const findings = await doctor({ ...database, ...login }, { schema: 'Not yet"' });
  expect(badOf(findings)).toEqual([]);
});

test('settings that lose data or put values into the log are found although our own sessions change them', async () => {
  const database = await freshDatabase();
  const worries = {
    synchronous_commit: 'off',
    log_statement: 'all',
    log_min_error_statement: 'error',
    log_error_verbosity: 'verbose',
    log_parameter_max_length_on_error: '-1',
    temp_file_limit: '1GB',
  };
  for (const [name, value] of Object.entries(worries))
    await database.query(`alter database ${database.database} set ${name} = '${value}'`);
  const warned = (await doctor(database)).filter(({ ok }) => ok === 'warn');
  for (const name of Object.keys(worries)) expect(warned.map(({ what }) => what).join('\n')).toContain(`${name} is `);
  expect(warned.filter(({ area }) => area === 'privacy')).toHaveLength(4);
  expect(warned.every(({ fix }) => fix.startsWith('As a superuser: ALTER ROLE'))).toBe(true);
});

test('fsync and full_page_writes off are bad, and few free connections are a warning', () => {
  const settings = new Map([
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['max_connections', '10'],
    ['superuser_reserved_connections', '3'],
  ]);
  const findings = settingFindings(settings, 'ann', 5);
  expect(findings.filter(({ ok }) => ok === 'bad').map(({ what }) => what.split(' ')[0])).toEqual([
    'fsync',
    'full_page_writes',
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({ area: 'capacity', ok: 'warn', what: '2 of 7 connections are free.' }),
  );
});

test('a server that cannot be used is a finding and not an exception', async () => {
  const database = await freshDatabase();
  const findings = await doctor({ ...database, database: 'no_such_database' });
  expect(findings.at(-1)).toMatchObject({
    area: 'server',
    ok: 'bad',
    what: expect.stringContaining('there is no such database'),
  });
  expect((await doctor({ ...database, tls: 'verify-full' })).at(-1)).toMatchObject({ area: 'tls', ok: 'bad' });
});
