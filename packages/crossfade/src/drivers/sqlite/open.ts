import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../core/errors.ts';
import { guarded } from './failure.ts';

/** How a source is to be read, found out once and the same for all threads. Plain data. */
export interface SourceFile {
  /** Absolute: a relative path that begins with `file:` would be taken for a URI. */
  readonly path: string;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  /** The header says that commits may stand in a -wal file beside it. */
  readonly walMode: boolean;
  /** Commits were found in a -wal file. */
  readonly hasWal: boolean;
  readonly bytes: number;
}

const magic = 'SQLite format 3\0';

/** `sqlite:PATH` or a path, made absolute. */
export function sourcePath(source: string): string {
  return resolve(source.startsWith('sqlite:') ? source.slice('sqlite:'.length) : source);
}

/**
 * Looks at the file before SQLite does, because SQLite makes an empty database of a mistyped path and waits for ever on
 * a pipe. Throws E_SOURCE_MISSING, E_SOURCE_NOT_A_FILE, E_SOURCE_NOT_SQLITE or E_SOURCE_FORBIDDEN.
 */
export function inspectFile(source: string): SourceFile {
  const path = sourcePath(source);
  const header = readHeader(path);
  if (header.bytes === 0)
    throw new CrossfadeError(
      'E_SOURCE_NOT_SQLITE',
      `${path} is empty. Nothing was moved. Check that this is the file the application writes.`,
      { path },
    );
  if (header.start.toString('latin1', 0, 16) !== magic) {
    throw new CrossfadeError(
      'E_SOURCE_NOT_SQLITE',
      `${path} is not a SQLite database, or it is encrypted. Nothing was moved. Check the path.`,
      { path },
    );
  }
  const walMode = header.start[18] === 2 || header.start[19] === 2;
  const hasWal = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  // While commits are carried over from a -wal, the file may be shorter than its header says.
  if (!hasWal) refuseTruncated(path, header.start, header.bytes);
  const db = openReadOnly(path);
  try {
    const encoding = guarded(path, () => db.prepare('PRAGMA encoding').get())?.encoding as SourceFile['encoding'];
    return { path, encoding, walMode, hasWal, bytes: header.bytes };
  } finally {
    db.close();
  }
}

/** SQLite itself reads zeros where the end of a file is missing. sqlite.org/fileformat2.html, 1.3 "The Database Header" */
function refuseTruncated(path: string, start: Buffer, bytes: number): void {
  const pageBytes = start.readUInt16BE(16) === 1 ? 65_536 : start.readUInt16BE(16);
  // No page size at all: SQLite will say that this is no database.
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0) return;
  // The page count is to be believed only if the change counter stood the same when it was written.
  const pages = start.readUInt32BE(24) === start.readUInt32BE(92) ? start.readUInt32BE(28) : 0;
  if (bytes >= pages * pageBytes && bytes % pageBytes === 0) return;
  throw new CrossfadeError(
    'E_SOURCE_CORRUPT',
    `${path} is cut short: ${bytes} bytes, where its header speaks of ${pages} pages of ${pageBytes}. Nothing was moved. Copy the whole file, or restore it from a backup.`,
    { path, bytes },
  );
}

/** A read-only connection. It never writes the file or its WAL; SQLite itself may make the -shm file that a WAL needs. */
export function openReadOnly(path: string): DatabaseSync {
  return guarded(path, () => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    // A hostile schema may call functions from its views and generated columns: harmless ones only.
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0');
    return db;
  });
}

function readHeader(path: string): { start: Buffer; bytes: number } {
  try {
    const found = statSync(path);
    if (!found.isFile()) {
      const kind = found.isDirectory()
        ? 'a directory'
        : found.isFIFO()
          ? 'a pipe'
          : found.isSocket()
            ? 'a socket'
            : 'a device';
      throw new CrossfadeError(
        'E_SOURCE_NOT_A_FILE',
        `${path} is ${kind}, not a file. Nothing was moved. Name the database file itself.`,
        { path },
      );
    }
    // SQLite has no connection to the file yet, so closing this descriptor drops none of its locks.
    const descriptor = openSync(path, 'r');
    try {
      const start = Buffer.alloc(100);
      readSync(descriptor, start, 0, 100, 0);
      return { start, bytes: found.size };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileFailure(path, error);
  }
}

function fileFailure(path: string, error: unknown): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return new CrossfadeError('E_SOURCE_MISSING', `There is no file ${path}. Nothing was moved. Check the path.`, {
      path,
    });
  }
  return new CrossfadeError(
    'E_SOURCE_FORBIDDEN',
    `${path} cannot be opened (${reason}). Nothing was moved. The user with id ${process.getuid?.() ?? 'unknown'} needs the right to read it.`,
    { path, reason },
  );
}
