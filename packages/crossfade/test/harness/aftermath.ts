import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, runningServer } from '../../src/pg/embedded/process.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const pollMs = 10;
const deathMsMax = 10_000;

/**
 * Ends every server whose data lies below the folder, and removes the folder. Synchronous, because it is also what a
 * run does with its last breath.
 */
export function removeWithServers(folder: string): void {
  for (const data of dataFolders(folder)) endServer(data);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** Has the folder removed, servers included, when a signal ends the run; the function returned takes that back. */
export function removeOnSignal(folder: string): () => void {
  const last = (signal: NodeJS.Signals): void => {
    removeWithServers(folder);
    forget();
    process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of signals) process.off(signal, last);
  };
  for (const signal of signals) process.on(signal, last);
  return forget;
}

/** Tests may still be at work in there, so that folders vanish while they are read. */
function dataFolders(folder: string): string[] {
  const names = namesIn(folder);
  if (names.includes('postmaster.pid')) return [folder];
  return names.filter((name) => !name.startsWith('runtime-')).flatMap((name) => dataFolders(join(folder, name)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function endServer(data: string): void {
  const server = runningServer(data);
  if (server === undefined) return;
  process.kill(server.pid, 'SIGQUIT');
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; isAlive(server.pid) && waitedMs < deathMsMax; waitedMs += pollMs)
    Atomics.wait(nobody, 0, 0, pollMs);
}
