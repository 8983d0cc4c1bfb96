import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Records may be health data: nobody else reads them unless their owner says so. */
const fileMode = 0o600;
const folderMode = 0o700;

/** A link leads out of the folder, and a pipe would never end: neither is followed. Windows has neither flag. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What a temporary file is called; no record's file begins with a dot. */
export const temporaryFile = /^\.[0-9a-f]{16}\.tmp$/;

/** The bytes of a regular file. */
export async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path, readFlags);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Writes a file that is not there yet; it is on the disk when this resolves, its name only after {@link syncFolder}. */
export async function writeNew(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', fileMode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes what is to take the place of another file of the folder by a rename; returns its path. */
export async function writeTemporary(folder: string, data: string | Uint8Array): Promise<string> {
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeNew(temporary, data);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  return temporary;
}

/** Removes a file that nobody needs; what stays is removed by the next opening. */
export async function removeIfThere(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

/**
 * Puts a file in the place of another, or of none: it is the old one or the new one, whenever the power goes. Its name is
 * on the disk only after {@link syncFolder}.
 */
export async function replaceFile(folder: string, name: string, data: string | Uint8Array): Promise<void> {
  const temporary = await writeTemporary(folder, data);
  try {
    await rename(temporary, join(folder, name));
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
}

/** Makes what was renamed, made and removed in a folder last. Windows keeps names by itself and opens no folder. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and those above it, so that they last. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: folderMode });
  if (first === undefined) return;
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === resolve(first)) return;
  }
}
