import { DatabaseSync } from 'node:sqlite';
import type { Snapshot } from '../../../store/live/bulk.ts';
import { Connection } from './connection.ts';
import { storeFailure } from './failure.ts';
import { type OpenFile, readingSettings } from './open.ts';
import type { Table } from './table.ts';

/**
 * One state of the file, read by a connection of its own, so that the store and everybody else write on meanwhile. The
 * log of the file grows until the end, because a checkpoint may not pass what is still read.
 */
export async function snapshotOf<T>(file: OpenFile, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const { path, busyTimeoutMs } = file.connection;
  const own = await begun(path, busyTimeoutMs);
  const tables = new Map([...file.tables].map(([name, table]) => [name, table.on(own)]));
  const step = async <R>(collection: string, run: (table: Table) => R): Promise<R> => {
    try {
      return run(tables.get(collection) as Table);
    } catch (error) {
      throw storeFailure(error, path, 'Nothing was read.');
    }
  };
  try {
    return await read({
      read: (collection, key) => step(collection, (table) => table.read(key)),
      range: (collection, { after, upTo }, limit) =>
        step(collection, (table) => table.range({ '>': after, '<=': upTo }, limit)),
    });
  } finally {
    own.db.close();
  }
}

/** A connection within a read transaction. Its state is that of the first read. */
async function begun(path: string, busyTimeoutMs: number): Promise<Connection> {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 0, readOnly: true });
    const connection = new Connection(path, db, busyTimeoutMs);
    await connection.read(() => begin(connection.db));
    return connection;
  } catch (error) {
    db?.close();
    throw storeFailure(error, path, 'Nothing was read.');
  }
}

function begin(db: DatabaseSync): void {
  db.exec(readingSettings);
  db.exec('BEGIN');
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
