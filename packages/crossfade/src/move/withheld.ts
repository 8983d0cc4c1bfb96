import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { plainKey } from '../core/key-text.ts';
import type { StoredWithheld } from '../copy/checkpoint.ts';

/**
 * Writes the rows that were withheld, one JSON object a line: table, key, column, code. Never the value. The file is new
 * and its owner's alone; a file or link that is already there is left alone, and the run is refused.
 */
export function writeWithheld(path: string, rows: readonly StoredWithheld[]): string {
  const lines = rows.map(
    (row) =>
      `${JSON.stringify({ table: row.table, key: plainKey(row.key).replace(/^(rowid|key) /, ''), column: row.column, code: row.code })}\n`,
  );
  writePrivate(path, lines.join(''));
  return resolve(path);
}

/** Writes a file that did not exist, mode 0600. Throws E_REPORT_UNWRITABLE. */
export function writePrivate(path: string, text: string): void {
  try {
    const descriptor = openSync(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CrossfadeError(
      'E_REPORT_UNWRITABLE',
      `${path} could not be written (${reason}). It must not exist yet, and its folder must be writable. Nothing was published.`,
      { path, reason },
    );
  }
}

/** Writes or replaces a file of our own, mode 0600, by way of a new file beside it: never through a link, never half. */
export function replacePrivate(path: string, text: string): void {
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
