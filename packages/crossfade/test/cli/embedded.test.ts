import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/pg/doctor.ts';
import { type EmbeddedStatus, stopEmbedded } from '../../src/pg/embedded/embedded.ts';
import { isAlive } from '../../src/pg/embedded/process.ts';
import type { Target } from '../../src/pg/target.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, query } from '../harness/postgres.ts';
import { type Ended, runCli, serverEnv } from '../support/cli.ts';
import { reportOf } from '../support/moves.ts';
import { smallSource } from '../support/sources.ts';

/** The folder in which a user types all of it, one after the other, and below which the server lives. */
let cwd: string;

beforeAll(() => {
  cwd = tempFolder('project-');
  return async () => void (await stopEmbedded({ folder: `${cwd}/.crossfade/postgres` }));
});

function crossfade(...args: string[]): Promise<Ended> {
  return runCli(args, { cwd });
}

async function statusOf(...args: string[]): Promise<EmbeddedStatus & { exit: number | null }> {
  const ended = await crossfade('postgres', ...args, '--json');
  return { ...(JSON.parse(ended.stdout) as EmbeddedStatus), exit: ended.status };
}

function passwordOf({ passwordFile }: EmbeddedStatus): string {
  return (JSON.parse(readFileSync(passwordFile as string, 'utf8')) as { password: string }).password;
}

function serverOf(status: EmbeddedStatus): Target {
  const [port, display] = [status.port as number, status.display as string];
  const login = { user: 'postgres', password: passwordOf(status), database: 'postgres' };
  return { host: '127.0.0.1', port, ...login, tls: 'disable', display };
}

test('before the first start: status is exit 1, stop is exit 0, doctor looks at this machine alone, and nothing is made', async () => {
  const status = await crossfade('postgres', 'status');
  expect([status.status, status.stderr]).toEqual([1, '']);
  expect(status.stdout).toMatch(/^running: false\nexists: false\nfolder: /);
  expect(await statusOf('status')).toMatchObject({ exit: 1, running: false, exists: false, port: null, pid: null });
  expect(await crossfade('postgres', 'stop')).toMatchObject({ status: 0, stdout: 'PostgreSQL was not running.\n' });
  expect(await statusOf('stop')).toMatchObject({ exit: 0, running: false, exists: false });
  const found = await crossfade('doctor', '--json');
  const areas = (JSON.parse(found.stdout) as Finding[]).map(({ area, ok }) => [area, ok]);
  expect([found.status, areas]).toEqual([
    0,
    [
      ['node', 'ok'],
      ['sqlite', 'ok'],
    ],
  ]);
  expect(readdirSync(cwd)).toEqual([]);
});

test('a move without a server starts the embedded one, says so, and names it in the report', async () => {
  const ended = await crossfade('move', smallSource());
  expect(ended.status, ended.stderr).toBe(0);
  const status = await statusOf('status');
  expect(status).toMatchObject({ exit: 0, running: true, exists: true });
  expect(ended.stderr).toContain(
    `No server is named, so the embedded PostgreSQL takes the data: ${status.display} (in ${status.folder}).`,
  );
  expect(ended.stdout).toMatch(/^Equal: all 310 rows of /);
  const report = reportOf(await crossfade('move', smallSource(), '--schema', 'again', '--json'));
  expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, target: status.display, rows: 310 });
  expect(JSON.stringify(report) + ended.stdout + ended.stderr).not.toContain(passwordOf(status));
});

test('start where it runs finds the same server, and status tells where, without its password', async () => {
  const before = await statusOf('status');
  const started = await crossfade('postgres', 'start');
  expect([started.status, started.stderr]).toEqual([0, '']);
  expect(started.stdout).toBe(
    `PostgreSQL runs at ${before.display}, process ${before.pid}, data in ${before.folder}.\n`,
  );
  const { bytes: _before, ...same } = before;
  expect(await statusOf('start')).toMatchObject(same);
  const told = await crossfade('postgres', 'status');
  expect([told.status, told.stderr]).toEqual([0, '']);
  for (const line of ['running: true', `port: ${before.port}`, `pid: ${before.pid}`, `display: ${before.display}`])
    expect(told.stdout.split('\n')).toContain(line);
  expect(told.stdout + started.stdout).not.toContain(passwordOf(before));
});

test('doctor without a server named looks at the embedded one where it runs, and everything is good: exit 0', async () => {
  const ended = await crossfade('doctor', '--json');
  const findings = JSON.parse(ended.stdout) as Finding[];
  expect(ended.status).toBe(0);
  expect(findings.filter(({ ok }) => ok !== 'ok')).toEqual([]);
  const all = findings.map(({ area, what }) => `${area}: ${what}`).join('\n');
  for (const read of [
    /^node: Node \d+\.\d+\.\d+\.$/m,
    /^sqlite: SQLite 3\.\d+\.\d+ in node:sqlite; it prints reals/m,
    /^server: PostgreSQL 18\.\d.*, database "postgres" in UTF8/m,
    /^tls: No TLS: the connection stays on this machine\.$/m,
    /^rights: Role "postgres" may create schemas, and tables in "public"/m,
    /^durability: .*fsync, full_page_writes and synchronous_commit are on\.$/m,
  ])
    expect(all).toMatch(read);
  const words = await crossfade('doctor');
  expect([words.status, words.stderr]).toEqual([0, '']);
  expect(words.stdout.trimEnd().split('\n')).toHaveLength(findings.length);
});

test('doctor is exit 1 as soon as one thing is bad, and 0 where there are warnings alone', async () => {
  const status = await statusOf('status');
  const server = serverOf(status);
  await query(server, "create role ann login password 'pw'; create role bob login password 'pw'");
  await query(server, 'grant create on database postgres to bob; grant usage, create on schema public to bob');
  await query(server, 'alter role bob set synchronous_commit = off');
  await query(server, 'alter role bob set log_statement = ddl');
  const look = async (env: NodeJS.ProcessEnv): Promise<[number | null, string[]]> => {
    const ended = await runCli(['doctor'], { cwd, env: { ...serverEnv(server), PGPASSWORD: 'pw', ...env } });
    const told = ended.stdout.split('\n').filter((line) => /^(warn|bad )  /.test(line));
    return [ended.status, told.map((line) => line.replace(/^(\w+) +(.*?\.)( .*)?$/, '$1 $2'))];
  };
  expect(await look({ PGUSER: 'bob' })).toEqual([0, ['warn durability: synchronous_commit is off.']]);
  expect(await look({ PGUSER: 'ann' })).toEqual([
    1,
    [
      'bad rights: Role "ann" may not create a schema, and rows are built in one of their own before they are published.',
      'bad rights: Role "ann" may not create tables in schema "public".',
    ],
  ]);
  const [noTls, [tls]] = await look({ PGUSER: 'bob', PGSSLMODE: 'require' });
  expect([noTls, tls]).toEqual([1, expect.stringMatching(/^bad tls: .*TLS/i)]);
  const [wrong, [login]] = await look({ PGUSER: 'bob', PGPASSWORD: 'other' });
  expect([wrong, login]).toEqual([1, expect.stringMatching(/^bad server: .*password/)]);
  // The server that tests share is in a haste that nobody else may be in.
  const hurried = await look(serverEnv(await freshDatabase()));
  expect(hurried[0]).toBe(1);
  expect(hurried[1]).toEqual(
    expect.arrayContaining(['bad durability: fsync is off.', 'bad durability: full_page_writes is off.']),
  );
});

test('stop ends it and keeps the data, status is exit 1 then, and start brings back server, port and rows', async () => {
  const before = await statusOf('status');
  expect(await crossfade('postgres', 'stop')).toMatchObject({
    status: 0,
    stdout: 'PostgreSQL has stopped. Its data stays.\n',
    stderr: '',
  });
  expect(isAlive(before.pid as number)).toBe(false);
  const { display, port, folder } = before;
  const stopped = { running: false, exists: true, pid: null, port, display, folder };
  expect(await statusOf('status')).toMatchObject({ exit: 1, ...stopped });
  expect(await statusOf('stop')).toMatchObject({ exit: 0, ...stopped });
  expect(await statusOf('start')).toMatchObject({ exit: 0, running: true, port, display, folder });
  const { rows } = await query(
    serverOf(before),
    'select (select count(*) from public.person)::int as first, (select count(*) from again.person)::int as second',
  );
  expect(rows).toEqual([{ first: 60, second: 60 }]);
});
