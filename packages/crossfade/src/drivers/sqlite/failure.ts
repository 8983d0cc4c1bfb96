import { CrossfadeError, type ErrorCode } from '../../core/errors.ts';
import { resultCodeOf, resultSentence } from './result-words.ts';

/** SQLite's primary result codes that have a meaning of their own for us. sqlite.org/rescode.html */
const codes: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  3: ['E_SOURCE_FORBIDDEN', resultSentence(3, 'Nothing was read.')],
  5: ['E_SOURCE_BUSY', resultSentence(5, 'Nothing was published.')],
  6: ['E_SOURCE_BUSY', resultSentence(6, 'Nothing was published.')],
  8: [
    'E_SOURCE_FORBIDDEN',
    'The database needs recovery by a process that may write to it (a journal was left behind). Nothing was read. Open it once with its application, or copy it together with its -journal or -wal file to a writable folder.',
  ],
  10: [
    'E_SOURCE_CORRUPT',
    "The file could not be read from its disk (I/O error). Nothing was published. Restore it from a backup or recover it with SQLite's own .recover.",
  ],
  11: ['E_SOURCE_CORRUPT', resultSentence(11, 'Nothing was published.')],
  14: [
    'E_SOURCE_FORBIDDEN',
    'SQLite could not open the database. Nothing was read. The user who runs this needs the right to read the file; a database in WAL mode also needs its folder to be writable, or its -shm file to exist; copy the file together with its -wal to a writable folder.',
  ],
  26: ['E_SOURCE_NOT_SQLITE', resultSentence(26, 'Nothing was moved.')],
};

/** Turns what node:sqlite throws into our error. SQLite's messages may quote values, so only the result code is kept. */
export function sqliteFailure(error: unknown, path: string): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  const number = resultCodeOf(error);
  const [code, sentence] = codes[number & 0xff] ?? [
    'E_SOURCE_UNREADABLE',
    'SQLite could not read the database. Nothing was published.',
  ];
  const detail = number >= 0 ? ` (SQLite result code ${number})` : error instanceof Error ? ` (${error.name})` : '';
  return new CrossfadeError(code, `${path}: ${sentence}${detail}`, { path, sqliteCode: number });
}

/** Runs `read`, and rethrows what SQLite throws as our error. */
export function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw sqliteFailure(error, path);
  }
}
