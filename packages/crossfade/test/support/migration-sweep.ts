import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { force } from '../../src/migrate/force.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { Place } from '../harness/sockets.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { type Fate, faultProxy } from './fault-proxy.ts';
import { migrationFolder, noTransaction, schemaDump, versionOf } from './migrations.ts';

const child = fileURLToPath(new URL('./migrate-child.ts', import.meta.url));
/** Short, so that the next run need not wait long for the lease of the dead one. */
const leaseMs = 300;

function files(): string {
  return migrationFolder({
    '1_log.up.sql': "CREATE TABLE log (line text);\nINSERT INTO log VALUES ('a');\nCOPY log FROM stdin;\nb\n\\.\n",
    // What can be run again from its beginning needs no hand to undo it.
    '2_index.up.sql': `${noTransaction}DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON log (line);`,
    '3_more.up.sql': "ALTER TABLE log ADD COLUMN n int DEFAULT 1;\nINSERT INTO log VALUES ('c');",
  });
}

/** Runs a service that is killed (kill -9) at its nth call, before or after the server has done it. Null: it had fewer. */
async function killedAt(database: TestDatabase, folder: string, at: number, fate: Fate): Promise<'killed' | 'ended'> {
  let kill: () => void = () => undefined;
  const proxy = await faultProxy(database, {
    onCall: ({ number }) => {
      if (number !== at) return 'forward';
      if (fate === 'swallow') kill();
      return fate;
    },
    onReplyDropped: () => kill(),
  });
  const service = spawn(process.execPath, [child, JSON.stringify({ ...optionsOf(database, folder, proxy) })], {
    stdio: 'ignore',
  });
  kill = () => void service.kill('SIGKILL');
  const [, signal] = (await once(service, 'close')) as [number | null, string | null];
  return signal === 'SIGKILL' ? 'killed' : 'ended';
}

function optionsOf(
  { user, password, database, display, host, port }: TestDatabase,
  folder: string,
  place: Place = { host, port },
) {
  return {
    folder,
    leaseMs,
    target: { ...place, user, ...(password !== undefined && { password }), database, display, tls: 'disable' as const },
  };
}

/** What an operator does: start again; where that is refused, the command that the message prints first, and start again. */
async function recover(database: TestDatabase, folder: string): Promise<'restarted' | 'repaired'> {
  const options = optionsOf(database, folder);
  try {
    await migrate(options);
    return 'restarted';
  } catch (error) {
    const { code, message } = error as CrossfadeError;
    if (code !== 'E_MIGRATION_DIRTY') throw error;
    const version = /crossfade migrate force (\d+)/.exec(message)?.[1] ?? '';
    await force(options, BigInt(version));
    await migrate(options);
    return 'repaired';
  }
}

/** How the runs that were killed came to their end. */
export interface Swept {
  readonly restarted: number;
  readonly repaired: number;
}

/**
 * Kills a service at every `stride`th call of its start, each time against a fresh database, and recovers as an operator
 * would. Each time the schema, its version and its rows must be those of a start that nobody killed.
 */
export async function sweepMigrations(fate: Fate, stride: number): Promise<Swept> {
  const folder = files();
  const reference = await freshDatabase();
  await migrate(optionsOf(reference, folder));
  const wanted = await schemaDump(reference);
  const ways = { restarted: 0, repaired: 0 };
  const killAt = async (at: number): Promise<boolean> => {
    const database = await freshDatabase();
    const end = await killedAt(database, folder, at, fate);
    ways[await recover(database, folder)]++;
    expect(await versionOf(database), `call ${at}`).toBe('3 false');
    expect(await schemaDump(database), `call ${at}`).toEqual(wanted);
    const { rows } = await database.query('select line from log order by 1');
    expect(
      rows.map(({ line }) => line),
      `call ${at}`,
    ).toEqual(['a', 'b', 'c']);
    await database.drop();
    return end === 'killed';
  };
  // The calls before are those of connecting.
  let at = 4;
  for (let going = true; going; at += 3 * stride)
    going = (await Promise.all([at, at + stride, at + 2 * stride].map(killAt))).every(Boolean);
  expect(at).toBeGreaterThan(30);
  return ways;
}
