import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { CrossfadeError } from '../core/errors.ts';

/** Writes a file that did not exist, mode 0600, never through a link. Throws E_REPORT_UNWRITABLE. */
export function writePrivate(path: string, text: string): void {
  try {
    const descriptor = openSync(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CrossfadeError(
      'E_REPORT_UNWRITABLE',
      `${path} could not be written (${reason}). Its folder must exist and be writable. Choose another path.`,
      { path, reason },
    );
  }
}

/** Writes or replaces a file of our own, mode 0600, by way of a new file beside it: never through a link, never half. */
export function replacePrivate(path: string, text: string): void {
  refuseDatabase(path);
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  writePrivate(fresh, text);
  try {
    renameSync(fresh, path);
  } catch (error) {
    unlinkSync(fresh);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CrossfadeError('E_REPORT_UNWRITABLE', `${path} could not be written (${reason}). Choose another path.`, {
      path,
      reason,
    });
  }
}

/** Finds out whether {@link replacePrivate} would succeed, before work is done that nobody could be told of. */
export function probePrivate(path: string): void {
  refuseDatabase(path);
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  writePrivate(fresh, '');
  unlinkSync(fresh);
}

/** How a database begins, its -wal in either byte order, and the -journal of a commit that was cut off. */
const databaseHeads = ['SQLite format 3\0', '\x37\x7f\x06\x82', '\x37\x7f\x06\x83', '\xd9\xd5\x05\xf9'];

/** A mistyped path must not cost somebody the database that we came to save, nor the commits beside it. */
function refuseDatabase(path: string): void {
  const head = headOf(path);
  if (!databaseHeads.some((begins) => head.startsWith(begins))) return;
  throw new CrossfadeError(
    'E_REPORT_UNWRITABLE',
    `${path} is a SQLite database, or its log, and was not replaced. Choose another path.`,
    { path, reason: 'a database' },
  );
}

/** The first sixteen bytes of an ordinary file; '' of anything else. */
function headOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return '';
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      const bytes = Buffer.alloc(16);
      return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, 16, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}
