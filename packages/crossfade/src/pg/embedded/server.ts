import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedFailure, logReason } from './failure.ts';
import { type ServerPlace, serverEnvironment } from './place.ts';
import { disarmStalePidFile, isAlive, type RunningServer, runningServer } from './process.ts';

const pollMs = 20;

/** Backends notice the death of their postmaster within moments; a start in between is refused by PostgreSQL and worth repeating. */
const orphanAttemptsMax = 50;
const orphanWaitMs = 200;

/**
 * Starts the server of a place on loopback and resolves when it accepts connections.
 *
 * `detached`: it outlives this process. Otherwise it is a direct child, which can be killed and waited for. Crash
 * recovery is waited for however long it takes. Throws E_POSTGRES_EMBEDDED with the log's own reason.
 */
export async function startServer(
  place: ServerPlace,
  port: number,
  options: { detached: boolean },
): Promise<{ child: ChildProcess; server: RunningServer }> {
  for (let attempt = 1; ; attempt++) {
    disarmStalePidFile(place.data);
    const child = spawnPostgres(place, port, options.detached);
    const outcome = await ready(place, child);
    if (typeof outcome !== 'string') {
      if (options.detached) child.unref();
      return { child, server: outcome };
    }
    const orphaned = outcome.includes('pre-existing shared memory block');
    if (!orphaned || attempt === orphanAttemptsMax) throw refusal(place, port, outcome);
    await sleep(orphanWaitMs);
  }
}

/** Waits until a server that somebody else has started accepts connections; undefined when it ends instead. */
export async function waitUntilReady(dataFolder: string): Promise<RunningServer | undefined> {
  for (;;) {
    const server = runningServer(dataFolder);
    if (server === undefined || server.ready) return server;
    await sleep(pollMs);
  }
}

/**
 * Ends a server with a fast shutdown: open transactions are rolled back, everything committed is on disk when this resolves.
 */
export async function stopServer(place: ServerPlace, server: RunningServer): Promise<void> {
  if (process.platform === 'win32') {
    // Windows has no SIGINT to send to another process.
    spawnSync(join(place.bin, 'pg_ctl'), ['stop', '-D', place.data, '-m', 'fast', '-w'], {
      env: serverEnvironment(),
      windowsHide: true,
    });
  } else {
    signal(server.pid, 'SIGINT');
  }
  while (isAlive(server.pid)) await sleep(pollMs);
}

/** Signals a process by id; that it has ended meanwhile is no error, that it belongs to somebody else is one. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw embeddedFailure(
      `The PostgreSQL server with process id ${pid} belongs to another user and was not stopped.`,
      { pid },
      cause,
    );
  }
}

function spawnPostgres(place: ServerPlace, port: number, detached: boolean): ChildProcess {
  const args = [
    '-D',
    place.data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
  ];
  keepPreviousLog(place.log);
  const log = openSync(place.log, 'w', 0o600);
  try {
    return spawn(join(place.bin, 'postgres'), args, {
      ...place.account,
      cwd: place.data,
      env: serverEnvironment(),
      detached,
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
}

/** A fresh log a start, so that its end holds this start's reason; the one before is what a crash is understood from. */
function keepPreviousLog(log: string): void {
  try {
    renameSync(log, `${log}.previous`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The server once it is ready, or the reason why it never was. */
async function ready(place: ServerPlace, child: ChildProcess): Promise<RunningServer | string> {
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, name) => (ended ??= logReason(place.log) || `it ended with ${name ?? `status ${code}`}`));
  while (ended === undefined) {
    const server = runningServer(place.data);
    if (server?.pid === child.pid && server?.ready) return server;
    await sleep(pollMs);
  }
  return ended;
}

function refusal(place: ServerPlace, port: number, reason: string): Error {
  return embeddedFailure(
    `PostgreSQL did not start in ${place.folder} on port ${port}: ${reason}. Its whole log is ${place.log}.`,
    {
      folder: place.folder,
      port,
      log: place.log,
    },
  );
}
