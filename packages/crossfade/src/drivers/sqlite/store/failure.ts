import { CrossfadeError, type ErrorCode } from '../../../core/errors.ts';
import { resultCodeOf, resultSentence } from '../result-words.ts';

type Sentence = (notDone: string) => string;

/** SQLite's primary result codes as those of a store. sqlite.org/rescode.html */
const codes: Readonly<Record<number, readonly [ErrorCode, Sentence]>> = {
  3: ['E_STORE_FAILED', (notDone) => resultSentence(3, notDone)],
  5: ['E_STORE_BUSY', (notDone) => resultSentence(5, notDone)],
  6: ['E_STORE_BUSY', (notDone) => resultSentence(6, notDone)],
  8: [
    'E_STORE_FAILED',
    (notDone) =>
      `The database cannot be written. ${notDone} The file, and the folder for its -wal and -shm, must be writable for the user who runs this, and must not be moved while the store is open.`,
  ],
  10: [
    'E_STORE_FAILED',
    (notDone) =>
      `The disk failed under the file (I/O error). ${notDone} Look at the disk, then read before writing again.`,
  ],
  11: ['E_STORE_DAMAGED', (notDone) => resultSentence(11, notDone)],
  13: ['E_STORE_FAILED', (notDone) => `The disk is full. ${notDone} Make room; nothing else is needed.`],
  14: [
    'E_STORE_FAILED',
    (notDone) =>
      `SQLite could not open the file. ${notDone} Its folder must exist and be writable for the user who runs this, because the -wal and -shm files stand beside it.`,
  ],
  19: [
    'E_RECORD_REFUSED',
    (notDone) =>
      `A constraint or trigger of a table refused the record. ${notDone} The table demands more than the schema says; compare the two.`,
  ],
  26: ['E_STORE_DAMAGED', (notDone) => resultSentence(26, notDone)],
};

/** Whether SQLite says that somebody else is at work: 5 is a lock of another connection, 6 one of this process. */
export function isBusy(error: unknown): boolean {
  return [5, 6].includes(resultCodeOf(error) & 0xff);
}

/** What node:sqlite has thrown, as the store's error. SQLite's messages may quote values, so only the result code is kept. */
export function storeFailure(error: unknown, path: string, notDone: string): unknown {
  const number = resultCodeOf(error);
  // Whatever SQLite has not thrown is somebody's own.
  if (number < 0) return error;
  const [code, sentence] = codes[number & 0xff] ?? [
    'E_STORE_FAILED',
    () => `SQLite refused a statement. ${notDone} Compare the tables with the schema.`,
  ];
  return new CrossfadeError(code, `${path}: ${sentence(notDone)} (SQLite result code ${number})`, {
    path,
    sqliteCode: number,
  });
}

/** A place that cannot be used as it is. */
export function unfitPlace(path: string, what: string): CrossfadeError {
  return new CrossfadeError('E_STORE_FAILED', `${path}: ${what}`, { path });
}
