import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';

/** What a copy may be. */
export const copyKinds = ['sqlite', 'files', 'json'] as const;
export type CopyKind = (typeof copyKinds)[number];

/** Where a copy is to stand, `sqlite:FILE` taken apart. */
export interface Place {
  readonly kind: CopyKind;
  readonly path: string;
  /** As the report has it. */
  readonly display: string;
}

/** Reads what `--to` of an export says. @throws CrossfadeError E_USAGE */
export function placeOf(text: string): Place {
  const found = /^([a-z]+):(.+)$/s.exec(text);
  const kind = copyKinds.find((each) => each === found?.[1]);
  if (found === null || kind === undefined)
    throw new CrossfadeError(
      'E_USAGE',
      `${JSON.stringify(text)} is no place for a copy. Nothing was done. Name it with --to sqlite:FILE, files:FOLDER or json:FILE.`,
    );
  const path = resolve(found[2]);
  return { kind, path, display: `${kind}:${path}` };
}

/** What SQLite keeps beside a database. */
const sidecars = ['-wal', '-shm', '-journal'];

/** Refuses a place where something stands, or whose folder is not there. @throws CrossfadeError E_EXPORT_UNWRITABLE */
export function refuseTaken({ kind, path }: Place): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw unwritable(path, 'something stands there already, and nothing is ever replaced', 'EEXIST');
  // SQLite would take what an older database has left there for the newest state of the copy.
  const left = kind === 'sqlite' ? sidecars.find((ending) => existsSync(path + ending)) : undefined;
  if (left !== undefined)
    throw unwritable(
      path + left,
      'it is left of an older database, and SQLite would read it as part of the copy',
      'EEXIST',
    );
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw unwritable(path, 'its folder is not there', 'ENOENT');
}

/** A name beside the place, for what is not finished. */
export function unfinished({ path }: Place): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
}

/** Removes what is not finished, and what SQLite has kept beside it: rows are in that too. */
export function discard(from: string): void {
  for (const path of [from, ...sidecars.map((ending) => from + ending)]) rmSync(path, { recursive: true, force: true });
}

/** Gives a finished copy its name, so that it is on the disk, and only where nothing stands. @throws CrossfadeError E_EXPORT_UNWRITABLE */
export function publish(from: string, place: Place): void {
  guarded(place.path, () => {
    sync(from);
    // Something may have come there meanwhile.
    refuseTaken(place);
    if (statSync(from).isDirectory()) {
      renameSync(from, place.path);
    } else {
      // A rename would replace what has come there meanwhile.
      linkSync(from, place.path);
      rmSync(from);
    }
    sync(dirname(place.path));
  });
}

/** Runs what writes, and rethrows what the disk says as our error. */
export function guarded<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw diskFailure(path, error);
  }
}

/** What the disk or SQLite said, by its code alone; anything else as it is. */
export function diskFailure(path: string, error: unknown): unknown {
  if (error instanceof CrossfadeError) return error;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: number };
  if (code === 'ERR_SQLITE_ERROR') return unwritable(path, `SQLite result code ${errcode}`, `SQLITE_${errcode}`);
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? unwritable(path, code, code) : error;
}

/** Makes a file, or the names in a folder, last. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unwritable(path: string, why: string, reason: string): CrossfadeError {
  return new CrossfadeError(
    'E_EXPORT_UNWRITABLE',
    `The copy ${path} was not written: ${why}. What stood there is as it was. Name another path, in a folder that exists, is yours to write, and has room.`,
    { path, reason },
  );
}
