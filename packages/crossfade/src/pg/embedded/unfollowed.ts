import { closeSync, constants, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { embeddedFailure } from './failure.ts';

const flags = { replace: constants.O_TRUNC, append: constants.O_APPEND };

/**
 * Writes a file that is there in a folder of the server's account, and keeps its owner. We may be root, and whoever
 * runs as that account could have put a link in its place: none is followed.
 *
 * @throws CrossfadeError E_POSTGRES_EMBEDDED where it is a link, or cannot be written; then nothing was
 */
export function writeUnfollowed(path: string, text: string, how: keyof typeof flags, flush = false): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | flags[how]);
    try {
      writeFileSync(descriptor, text);
      if (flush) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ELOOP' ? 'it is a symbolic link, which PostgreSQL does not make' : message;
    throw embeddedFailure(`${path} cannot be written: ${reason}. Nothing was started.`, { path }, cause);
  }
}
