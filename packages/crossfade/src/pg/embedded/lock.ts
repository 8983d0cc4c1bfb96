import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedFailure } from './failure.ts';

const pollMs = 50;

/** Longer than any start that is not repairing a crash of gigabytes; whoever waits that long wants to be told. */
const waitMaxMs = 10 * 60_000;

/**
 * Runs `work` while nobody else, in this process or another, holds the lock of the folder.
 *
 * The lock is SQLite's: Node has no other that the operating system lets go when its holder is killed, and a lock
 * file that outlives its holder is worse than none.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const database = openLock(folder);
  try {
    for (let waitedMs = 0; !tryLock(database); waitedMs += pollMs) {
      if (waitedMs >= waitMaxMs) {
        throw embeddedFailure(
          `Another process has been starting or stopping the PostgreSQL in ${folder} for ten minutes. Nothing was done; end it and try again.`,
        );
      }
      await sleep(pollMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

function openLock(folder: string): DatabaseSync {
  const file = join(folder, 'lock');
  try {
    const database = new DatabaseSync(file);
    // Whoever can read it can hold it. The file is never opened otherwise: closing any descriptor of it in this process would end the lock.
    chmodSync(file, 0o600);
    return database;
  } catch (cause) {
    throw embeddedFailure(
      `The lock ${file} cannot be opened: ${(cause as Error).message}. Nothing was done. Does the folder belong to another user?`,
      {},
      cause,
    );
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('begin exclusive');
    return true;
  } catch (error) {
    const sqliteBusy = 5;
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw embeddedFailure(
      `The folder of the embedded PostgreSQL cannot be locked: ${(error as Error).message}. Nothing was done.`,
      {},
      error,
    );
  }
}
