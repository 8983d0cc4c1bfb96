import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../core/errors.ts';
import { guarded } from './failure.ts';

/** How a source is to be read, found out once and the same for all threads. Plain data. */
export interface SourceFile {
  /** Absolute: a relative path that begins with `file:` would be taken for a URI. */
  readonly path: string;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  /** Commits may stand in a -wal file beside it. */
  readonly walMode: boolean;
  /** Commits were found in a -wal file. */
  readonly hasWal: boolean;
  readonly bytes: number;
}

/** `sqlite:PATH` or a path, made absolute. */
export function sourcePath(source: string): string {
  return resolve(source.startsWith('sqlite:') ? source.slice('sqlite:'.length) : source);
}

/**
 * Looks at the file before anything is read, because SQLite makes an empty database of a mistyped path and waits for
 * ever on a pipe. The file itself is opened by SQLite alone: closing any other descriptor of it would drop the locks of
 * all of this process's connections. sqlite.org/howtocorrupt.html, 2.2
 *
 * Throws E_SOURCE_MISSING, E_SOURCE_NOT_A_FILE, E_SOURCE_NOT_SQLITE, E_SOURCE_FORBIDDEN or E_SOURCE_CORRUPT.
 */
export function inspectFile(source: string): SourceFile {
  const named = sourcePath(source);
  const bytes = regularFileBytes(named);
  // A -wal stands beside the file itself, not beside a link to it.
  const path = realpathSync(named);
  if (bytes === 0) {
    throw new CrossfadeError(
      'E_SOURCE_NOT_SQLITE',
      `${path} is empty. Nothing was moved. Check that this is the file the application writes.`,
      { path },
    );
  }
  const db = openReadOnly(path);
  try {
    return guarded(path, () => inspectDatabase(path, db));
  } finally {
    db.close();
  }
}

/** Within a read transaction, so that what is asked of SQLite and what is asked of the file system are of one state. */
function inspectDatabase(path: string, db: DatabaseSync): SourceFile {
  db.exec('BEGIN');
  const pragma = (name: 'encoding' | 'journal_mode' | 'page_size' | 'page_count') =>
    db.prepare(`PRAGMA ${name}`).get()?.[name];
  const pages = Number(pragma('page_count'));
  const { size: bytes } = statSync(path);
  const hasWal = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  // While commits are carried over from a -wal, the file may be shorter than its header says.
  if (!hasWal) refuseTruncated(path, bytes, pages, Number(pragma('page_size')));
  const encoding = pragma('encoding') as SourceFile['encoding'];
  return { path, encoding, walMode: pragma('journal_mode') === 'wal', hasWal, bytes };
}

/** SQLite itself reads zeros where the end of a file is missing. */
function refuseTruncated(path: string, bytes: number, pages: number, pageBytes: number): void {
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

function regularFileBytes(path: string): number {
  try {
    accessSync(path, constants.R_OK);
    const found = statSync(path);
    if (found.isFile()) return found.size;
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
