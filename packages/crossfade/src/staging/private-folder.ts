import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { lockFolder } from '../store/durable/lock.ts';

/** Where copies of sources lie while they are moved, below the working directory. */
export const stagingFolder = join('.crossfade', 'staging');

/** A folder of one run, held against everybody else until it is removed. */
export interface PrivateFolder {
  readonly path: string;
  /** May be called again. */
  remove(): void;
}

/** What is younger may be a run's that has made its folder and not locked it yet. */
const unlockedMs = 60_000;

/**
 * Makes a folder that its owner alone can enter, and removes those that killed runs have left: a lock of the operating
 * system tells them from the others. @throws CrossfadeError E_STAGING_FAILED
 */
export function privateFolder(parent: string): PrivateFolder {
  const home = resolve(parent);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
    const ignore = join(home, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
    const left = readdirSync(home).filter((name) => /^[0-9a-f]{16}$/.test(name));
    const path = join(home, randomBytes(8).toString('hex'));
    mkdirSync(path, { mode: 0o700 });
    const release = lockFolder(path);
    const { mtimeMs: now } = statSync(path);
    for (const name of left) sweep(join(home, name), now);
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

function sweep(path: string, now: number): void {
  try {
    if (now - statSync(path).mtimeMs < unlockedMs) return;
    const release = lockFolder(path);
    rmSync(path, { recursive: true, force: true });
    release();
  } catch {
    // Another run holds it, or has removed it just now.
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
