import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../target.ts';
import { packagedBinaries, prepareRuntime, removeLeftovers } from './binaries.ts';
import { embeddedFailure } from './failure.ts';
import { accessFile, accessOf, defaultFolder, existingHome, homeOf, readAccess } from './home.ts';
import { initialise } from './initdb.ts';
import { withLock } from './lock.ts';
import { builtinLocale, loopbackTarget, type ServerPlace, serverPlace } from './place.ts';
import { isListening } from './port.ts';
import { type RunningServer, runningServer } from './process.ts';
import { startServer, stopServer, waitUntilReady } from './server.ts';

/** Which embedded server is meant. */
export interface EmbeddedOptions {
  /** Default `.crossfade/postgres` below the working directory. */
  readonly folder?: string;
}

/** A running embedded server: a target like any other, and where it lives. */
export type EmbeddedServer = Target & { readonly folder: string; readonly pid: number };

/**
 * Makes sure that the embedded server runs, and says how to reach it.
 *
 * The first call makes the cluster: UTF-8, durable, reachable on loopback alone and with a password that only the
 * caller's user can read. It keeps its port and outlives the command that started it. Calling it again, also from several processes at
 * once, finds the same server. Throws E_POSTGRES_EMBEDDED.
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const home = homeOf(options.folder ?? defaultFolder);
  return withLock(home, async () => {
    const place = placeOf(home);
    const { port, password } = await accessOf(home);
    await initialise(place, { password, settings: {}, sync: true });
    const server = (await waitUntilReady(place.data)) ?? (await startFresh(place, port));
    return { ...loopbackTarget(server.port, password), folder: home, pid: server.pid };
  });
}

/** Stops the embedded server with a fast shutdown; false where none was running. Throws E_POSTGRES_EMBEDDED. */
export async function stopEmbedded(options: EmbeddedOptions = {}): Promise<boolean> {
  const home = existingHome(options.folder ?? defaultFolder);
  if (home === undefined) return false;
  return withLock(home, async () => {
    const place = placeOf(home);
    const server = runningServer(place.data);
    if (server !== undefined) await stopServer(place, server);
    return server !== undefined;
  });
}

/** What `crossfade postgres status` shows. */
export interface EmbeddedStatus {
  readonly running: boolean;
  /** False before the first start. */
  readonly exists: boolean;
  readonly folder: string;
  /** Of the installed programs, such as `18.4`. */
  readonly version: string;
  readonly port: number | null;
  readonly pid: number | null;
  /** On disk: tables, indexes, WAL and all. */
  readonly bytes: number;
  /** Without the password; `passwordFile` holds it. */
  readonly display: string | null;
  readonly passwordFile: string | null;
}

/** Looks at the embedded server without changing anything. */
export function embeddedStatus(options: EmbeddedOptions = {}): EmbeddedStatus {
  const folder = options.folder ?? defaultFolder;
  const home = existingHome(folder);
  const version = packagedBinaries().version.replace(/\.0-.*$/, '');
  if (home === undefined) {
    return {
      running: false,
      exists: false,
      folder,
      version,
      port: null,
      pid: null,
      bytes: 0,
      display: null,
      passwordFile: null,
    };
  }
  const data = join(home, 'data');
  const server = runningServer(data);
  const port = server?.port ?? readAccess(home)?.port ?? null;
  return {
    running: server?.ready ?? false,
    exists: true,
    folder: home,
    version,
    port,
    pid: server?.pid ?? null,
    bytes: sizeOf(data),
    display: port === null ? null : loopbackTarget(port, '').display,
    passwordFile: accessFile(home),
  };
}

function placeOf(home: string): ServerPlace {
  return serverPlace(home, (folder) => prepareRuntime(folder).bin, builtinLocale);
}

async function startFresh(place: ServerPlace, port: number): Promise<RunningServer> {
  // PostgreSQL says so too, but not what to do about it.
  if (await isListening(port)) {
    throw embeddedFailure(
      `Port ${port}, which the embedded PostgreSQL in ${place.folder} has had since its first start, is taken by another program. Nothing was started. Free it, or write another port into ${accessFile(place.folder)}.`,
      { port, folder: place.folder },
    );
  }
  removeLeftovers(place.folder);
  return (await startServer(place, port, { detached: true })).server;
}

/** Files come and go under a running server; one that has just gone counts nothing. */
function sizeOf(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => join(folder, entry.name))
      .map((path) => [path, lstatSync(path, { throwIfNoEntry: false })] as const)
      .reduce((bytes, [path, found]) => bytes + (found?.isDirectory() ? sizeOf(path) : (found?.size ?? 0)), 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw embeddedFailure(
      `${folder} cannot be read: ${(cause as Error).message}. Does it belong to another user?`,
      {},
      cause,
    );
  }
}
