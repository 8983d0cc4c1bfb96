import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../core/errors.ts';

/** Who holds a folder: a process by its number and its start, because numbers come again. */
interface Owner {
  readonly pid: number;
  readonly startedAt: string;
}

/** The file whose lock is the folder's. */
export const lockName = '.lock';

/**
 * Holds a folder against every other store, of this process or another one, until it is released or the process is gone.
 *
 * The lock is SQLite's on the file `.lock`: the operating system lets it go when its holder is killed, so there is no
 * stale lock to be taken over and no race to take it. The file `.owner` only says whose it is.
 *
 * @returns what releases it
 * @throws CrossfadeError E_STORE_BUSY
 */
export function lockFolder(dir: string): () => void {
  const path = join(dir, lockName);
  const owner = join(dir, '.owner');
  const database = new DatabaseSync(path);
  try {
    // Whoever can read it can hold it. Nothing else opens it: closing any descriptor of it would end the lock.
    chmodSync(path, 0o600);
    // Nothing is ever written to it, so a journal beside it would only be in the way.
    database.exec('pragma journal_mode = memory; begin exclusive');
    const own: Owner = { pid: process.pid, startedAt: new Date(performance.timeOrigin).toISOString() };
    rmSync(owner, { force: true });
    writeFileSync(owner, `${JSON.stringify(own)}\n`, { mode: 0o600 });
  } catch (error) {
    database.close();
    const sqliteBusy = 5;
    throw (error as { errcode?: number }).errcode === sqliteBusy ? busy(dir, readOwner(owner)) : error;
  }
  return () => {
    try {
      rmSync(owner, { force: true });
    } catch {
      // A note that stays is no lock, and the next holder replaces it.
    } finally {
      database.close();
    }
  };
}

function busy(dir: string, owner: Owner | null): CrossfadeError {
  const holder =
    owner === null
      ? 'another process'
      : owner.pid === process.pid
        ? `another store of this process (${owner.pid})`
        : `the process ${owner.pid}, started at ${owner.startedAt}`;
  return new CrossfadeError(
    'E_STORE_BUSY',
    `The folder ${dir} is held by ${holder}. Nothing was done. Close that store, or end that process.`,
    { folder: dir, pid: owner?.pid ?? null, startedAt: owner?.startedAt ?? null },
  );
}

/** Null in the moment between taking the lock and saying so. */
function readOwner(path: string): Owner | null {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
  } catch {
    return null;
  }
}
