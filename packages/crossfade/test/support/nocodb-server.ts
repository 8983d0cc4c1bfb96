import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { deadPlace } from '../harness/sockets.ts';
import type { NocodbPlace } from './nocodb-place.ts';

const version = '0.265.1';
const folder = fileURLToPath(new URL(`../../../../.crossfade/nocodb/${version}`, import.meta.url));

const start = `const app = require('express')(), { Noco } = require('nocodb');
const server = app.listen(+process.env.PORT, '127.0.0.1', async () => app.use(await Noco.init({}, server, app)));
`;

/** The real NocoDB, in a process of its own. */
export interface NocodbServer extends NocodbPlace {
  readonly port: number;
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Installs NocoDB from npm into the cache of this checkout, half a gigabyte and some minutes, once. It is a tool of the
 * tests alone: a process of its own, and no dependency of anything.
 */
export async function installNocodb(): Promise<void> {
  if (existsSync(join(folder, 'start.js'))) return;
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const overrides = { xlsx: '0.18.5' };
  writeFileSync(
    join(making, 'package.json'),
    JSON.stringify({ private: true, dependencies: { nocodb: version }, overrides }),
  );
  const npm = (...args: string[]) => promisify(execFile)('npm', args, { cwd: making, maxBuffer: 64 << 20 });
  await npm('install', '--ignore-scripts', '--no-audit', '--no-fund');
  await npm('rebuild', 'sqlite3');
  writeFileSync(join(making, 'start.js'), start);
  rmSync(folder, { recursive: true, force: true });
  renameSync(making, folder);
}

/** Starts it with an empty base. Until it is stopped it belongs to the test. */
export async function startNocodb(): Promise<NocodbServer> {
  const data = tempFolder('nocodb-');
  const { port } = await deadPlace();
  const url = `http://127.0.0.1:${port}`;
  let child = await spawned(url, port, data);
  const access = await madeBase(url);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill(signal);
    await ended;
  };
  return {
    url,
    port,
    ...access,
    account: admin,
    kill: () => stop('SIGKILL'),
    stop: () => stop('SIGKILL'),
    start: async () => {
      child = await spawned(url, port, data);
    },
  };
}

const admin = { email: 'root@example.com', password: 'Passw0rd!23' };

async function spawned(url: string, port: number, data: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['start.js'], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      NC_TOOL_DIR: data,
      NC_DISABLE_TELE: 'true',
      NC_AUTH_JWT_SECRET: 'test',
      NC_ADMIN_EMAIL: admin.email,
      NC_ADMIN_PASSWORD: admin.password,
    },
  });
  await until(async () => (await fetch(`${url}/api/v1/health`).catch(() => null))?.ok === true);
  return child;
}

async function madeBase(url: string): Promise<{ readonly token: string; readonly base: string }> {
  const post = async (
    path: string,
    body: object,
    headers: Record<string, string> = {},
  ): Promise<Record<string, string>> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, string>;
  };
  const session = { 'xc-auth': (await post('/api/v1/auth/user/signin', admin)).token };
  const { token } = await post('/api/v1/tokens', { description: 'tests' }, session);
  const { id } = await post('/api/v2/meta/bases', { title: 'tests' }, session);
  return { token, base: id };
}
