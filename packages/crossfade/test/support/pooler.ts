import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Target } from '../../src/pg/target.ts';
import { tempFolder } from '../harness/folders.ts';
import { until } from '../harness/connections.ts';
import { deadPlace } from '../harness/sockets.ts';

const program = '/usr/sbin/pgbouncer';
/** `nobody`: PgBouncer refuses to run as root. */
const nobody = 65_534;

/** PgBouncer, running. */
export interface Pooler {
  /** The database behind it. */
  readonly target: Target;
  stop(): Promise<void>;
}

/** PgBouncer in transaction mode in front of a database, with so many sessions of the server; gone when the test ends. */
export async function pooled(target: Target, poolSize: number): Promise<Target> {
  const pooler = await startPooler(target, poolSize);
  onTestFinished(pooler.stop);
  return pooler.target;
}

/** The same for several tests, until it is stopped. */
export async function startPooler(target: Target, poolSize: number): Promise<Pooler> {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run test:real installs it`);
  const folder = tempFolder('pooler-');
  const { port } = await deadPlace();
  const config = join(folder, 'pgbouncer.ini');
  const { host, user, password, database } = target;
  writeFileSync(
    config,
    `[databases]
${database} = host=${host} port=${target.port} user=${user} password='${password ?? ''}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 300
ignore_startup_parameters = extra_float_digits
`,
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folder, config]) chownSync(path, nobody, nobody);
  const child = spawn(program, ['-q', config], { stdio: 'ignore', ...(isRoot && { uid: nobody, gid: nobody }) });
  const closed = once(child, 'close');
  const place: Target = { ...target, host: '127.0.0.1', port, tls: 'disable' };
  await until(() => answers(place));
  return {
    target: place,
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function answers({ host, port, user, database }: Target): Promise<boolean> {
  const client = new pg.Client({ host, port, user, database, ssl: false });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
