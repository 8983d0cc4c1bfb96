import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../core/errors.ts';
import { guarded } from './failure.ts';

/** How often the readers may begin again before the source counts as too busy. */
const attemptsMax = 50;

/**
 * Lets several connections see one and the same state. `begin` starts their read transactions between two readings of
 * `PRAGMA data_version`, which changes when anybody else commits; when it did, `end` and begin again. Throws E_SOURCE_BUSY.
 */
export async function commonSnapshot(
  path: string,
  observer: DatabaseSync,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = dataVersion(path, observer);
    await begin();
    if (dataVersion(path, observer) === before) return;
    await end();
  }
  throw new CrossfadeError(
    'E_SOURCE_BUSY',
    `${path} is written so often that ${attemptsMax} attempts to read one common state of it failed. Nothing was moved. Use --jobs 1, or stop the writer.`,
    { path },
  );
}

/** Starts a read transaction that sees the state of this moment: BEGIN alone would wait for the first read. */
export function beginRead(path: string, db: DatabaseSync): void {
  guarded(path, () => {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  });
}

function dataVersion(path: string, db: DatabaseSync): number {
  return guarded(path, () => Number(db.prepare('PRAGMA data_version').get()?.data_version));
}
