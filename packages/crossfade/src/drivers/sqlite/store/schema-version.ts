import type { DatabaseSync } from 'node:sqlite';
import { run } from '../run.ts';

/** Whether the file has a table of this name. */
export function has(db: DatabaseSync, table: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !== undefined;
}

/** A number that every change of the file's schema raises, whoever makes it. */
export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA schema_version').get()?.schema_version);
}

/** Lets the store change the schema of its file, within a transaction, without capture taking it for somebody else's doing. */
export function keepingCapture(db: DatabaseSync, change: () => void): void {
  const before = schemaVersion(db);
  change();
  if (!has(db, 'crossfade_capture')) return;
  const record = db.prepare('UPDATE crossfade_capture SET schema_version = ? WHERE schema_version = ?');
  run(record, schemaVersion(db), before);
}
