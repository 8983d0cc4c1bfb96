import type { DatabaseSync } from 'node:sqlite';
import { keepingCapture } from './schema-version.ts';

/**
 * The way of the mirror past capture and fence: while a row stands in this table, the triggers keep still. The row is
 * made and taken away within one transaction, so nobody but its connection ever sees it, and a process that dies leaves none.
 */
const table = 'crossfade_passage';

/** The condition of every trigger of ours: the writer has not made the passage row. */
export const isStranger = `NOT EXISTS (SELECT 1 FROM ${table})`;

/** The triggers name the table, so it comes before them. */
export function makePassage(db: DatabaseSync): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (is_open INTEGER NOT NULL)`);
}

/** Drops it where no trigger is left that reads it. */
export function dropPassage(db: DatabaseSync): void {
  const reader = db
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'crossfade.%' LIMIT 1")
    .get();
  if (reader === undefined) db.exec(`DROP TABLE IF EXISTS ${table}`);
}

/** Runs a part of a write transaction whose changes pass the fence and are not captured. */
export function passing<T>(db: DatabaseSync, step: () => T): T {
  keepingCapture(db, () => makePassage(db));
  db.exec(`INSERT INTO ${table} VALUES (1)`);
  const result = step();
  db.exec(`DELETE FROM ${table}`);
  return result;
}
