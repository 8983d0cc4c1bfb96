import { createReadStream } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { readWhole } from '../store/durable/disk.ts';
import { Unreadable } from './document.ts';
import type { Place } from './root.ts';

/** What a path is, in words. */
export function kindOf(found: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
}): string {
  if (found.isFile()) return 'a file';
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a symbolic link, and links are not followed';
  return found.isFIFO() ? 'a pipe' : 'a socket or a device';
}

/** The bytes of a file below a folder that is moved. @throws Unreadable, CrossfadeError E_SOURCE_FORBIDDEN, E_SOURCE_CHANGED */
export async function readBelow({ path, told, isHidden }: Place): Promise<Buffer> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw new Unreadable(`is ${kindOf(found)}`);
    if (found.size > limits.fieldBytesMax) throw new Unreadable('is larger than PostgreSQL holds (1 GB)');
    return await readWhole(path);
  } catch (error) {
    throw error instanceof Unreadable ? error : sourceFailure(told, error, isHidden ? 'hidden' : 'below');
  }
}

/** The bytes of the file that the user has named, through links. @throws CrossfadeError, Unreadable */
export async function readRegular(path: string): Promise<Buffer> {
  try {
    const real = await realpath(path);
    const found = await lstat(real);
    if (!found.isFile()) throw notA(path, kindOf(found), 'file', found.isDirectory() ? 'files:' : null);
    return await readBelow({ path: real, told: path, isHidden: false });
  } catch (error) {
    throw error instanceof Unreadable ? error : sourceFailure(path, error, 'named');
  }
}

/** The folder that the user has named, without links. @throws CrossfadeError */
export async function realFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    const found = await lstat(real);
    if (!found.isDirectory()) throw notA(path, kindOf(found), 'folder', found.isFile() ? 'json:' : null);
    return real;
  } catch (error) {
    throw sourceFailure(path, error, 'named');
  }
}

/** Opens a file anew and gives it piece by piece. */
export function exportPieces(path: string): () => AsyncIterable<Uint8Array> {
  return async function* pieces() {
    const real = await realpath(path).catch((error: unknown) => {
      throw sourceFailure(path, error, 'named');
    });
    const found = await lstat(real);
    if (!found.isFile()) throw notA(path, kindOf(found), 'file', found.isDirectory() ? 'files:' : null);
    try {
      for await (const piece of createReadStream(real)) yield piece as Buffer;
    } catch (error) {
      throw sourceFailure(path, error, 'named');
    }
  };
}

function notA(path: string, kind: string, wanted: string, scheme: string | null): CrossfadeError {
  const advice = scheme === null ? `Name the ${wanted} itself.` : `Name it as ${scheme}PATH.`;
  return new CrossfadeError(
    'E_SOURCE_NOT_A_FILE',
    `${path} is ${kind}, not a ${wanted}. Nothing was moved. ${advice}`,
    { path },
  );
}

/**
 * What the file system said, as our error. A file that was listed and is gone has been removed meanwhile.
 *
 * @param path as messages have it
 * @param how the user has named it, or it lies below what was named, under its name or hidden by a digest
 */
export function sourceFailure(path: string, error: unknown, how: 'named' | 'below' | 'hidden'): unknown {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof CrossfadeError || reason === '') return error;
  const isGone = reason === 'ENOENT' || reason === 'ENOTDIR';
  if (isGone && how === 'named')
    return new CrossfadeError('E_SOURCE_MISSING', `There is nothing at ${path}. Nothing was moved. Check the path.`, {
      path,
    });
  if (isGone || reason === 'ELOOP')
    return new CrossfadeError(
      'E_SOURCE_CHANGED',
      `${path} changed while it was read. Nothing was moved. Stop the writer, and run the same command again.`,
      { path },
    );
  return new CrossfadeError(
    'E_SOURCE_FORBIDDEN',
    `${path} cannot be read (${reason}). Nothing was moved. The user with id ${process.getuid?.() ?? 'unknown'} needs the right to read it.${how === 'hidden' ? ' move --show-values names it in plain.' : ''}`,
    { path, reason },
  );
}
