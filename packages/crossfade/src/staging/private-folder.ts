import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { lockFolder, lockName } from '../store/durable/lock.ts';

/** Where copies of sources lie while they are moved, below the working directory. */
export const stagingFolder = join('.crossfade', 'staging');

/** A folder of one run, held against everybody else until it is removed. */
export interface PrivateFolder {
  readonly path: string;
  /** May be called again. */
  remove(): void;
}

/** A folder that others sweep at the very moment of its making is made again under another name. */
const triesMax = 10;

/**
 * Makes a folder that its owner alone can enter, and removes those that killed runs have left: a lock of the operating
 * system tells them from the others. Of a parent that was there already nothing else is touched.
 *
 * @throws CrossfadeError E_STAGING_FAILED
 */
export function privateFolder(parent: string): PrivateFolder {
  const home = resolve(parent);
  try {
    const isOurs = mkdirSync(home, { recursive: true, mode: 0o700 }) !== undefined;
    if (isOurs) writeFileSync(join(home, '.gitignore'), '*\n');
    sweep(home);
    const { path, release } = held(home);
    let isThere = true;
    return {
      path,
      remove: () => {
        if (!isThere) return;
        isThere = false;
        rmSync(path, { recursive: true, force: true });
        release();
      },
    };
  } catch (error) {
    throw stagingFailure(home, error);
  }
}

/** A new folder with its lock. Between the two another run may have taken it for one that nobody holds. */
function held(home: string): { readonly path: string; readonly release: () => void } {
  for (let tries = 1; ; tries++) {
    const path = join(home, randomBytes(8).toString('hex'));
    mkdirSync(path, { mode: 0o700 });
    try {
      const release = lockFolder(path);
      if (existsSync(join(path, lockName))) return { path, release };
      release();
    } catch (error) {
      const isTaken = error instanceof CrossfadeError && error.code === 'E_STORE_BUSY';
      if (!isTaken || tries === triesMax) throw error;
    }
  }
}

/** Whoever can take the lock of such a folder is not its owner, who is gone. Without a lock nothing lies in it yet. */
function sweep(home: string): void {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    if (!/^[0-9a-f]{16}$/.test(name) || !existsSync(join(path, lockName))) continue;
    try {
      const release = lockFolder(path);
      rmSync(path, { recursive: true, force: true });
      release();
    } catch {
      // Another run holds it, or has removed it just now.
    }
  }
}

/** What the disk said, as our error; codes and names only. */
export function stagingFailure(path: string, error: unknown): unknown {
  if (error instanceof CrossfadeError) return error;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: number };
  const isSqlite = code === 'ERR_SQLITE_ERROR';
  if (!isSqlite && !(error instanceof Error && typeof code === 'string' && /^E[A-Z]+$/.test(code))) return error;
  const reason = isSqlite ? (errcode === 13 ? 'ENOSPC' : `SQLite result code ${errcode}`) : code;
  return new CrossfadeError(
    'E_STAGING_FAILED',
    `The private copy of the source could not be written below ${path} (${reason}). Nothing was moved. It takes about twice the room of the source there: run the command in a folder that has it and is yours to write.`,
    { path, reason },
  );
}
