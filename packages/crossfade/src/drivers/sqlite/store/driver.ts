import { resolve } from 'node:path';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Collections, Key } from '../../../schema/collection.ts';
import type { DriverChange, DriverScan, LiveDriver } from '../../../store/contract.ts';
import { type Awaitable, caught } from '../../../store/awaitable.ts';
import { withinLife } from '../../../store/live/within-life.ts';
import { database } from '../../../store/supports.ts';
import { bulkOf } from './bulk.ts';
import { captureOf } from './capture.ts';
import { CallersError } from './connection.ts';
import { countersOf } from './counters.ts';
import { storeFailure } from './failure.ts';
import { fenceOf } from './fence.ts';
import { mirrorOf } from './mirror.ts';
import { type OpenFile, openFile } from './open.ts';
import type { Table } from './table.ts';
import { writeChanges } from './write-changes.ts';

/** Where records are kept, and how patient the store is. */
export interface SqliteDriverOptions {
  /** The database file. */
  readonly path: string;
  /**
   * `expect` (default): `open` refuses a file whose tables do not hold the schema. `create`: what is missing is made,
   * the file included; what is there is never changed.
   */
  readonly tables?: 'expect' | 'create';
  /** How long a call waits for other processes before it throws E_STORE_BUSY. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/** A SQLite driver. The parts of the live protocol can be asked while the store is open. */
export type SqliteDriver = LiveDriver;

/**
 * Records in the tables of a SQLite file. An acknowledged write survives the machine. Many processes may write, also
 * those that know nothing of Crossfade.
 */
export function sqliteDriver(options: SqliteDriverOptions): SqliteDriver {
  const path = resolve(options.path);
  let file: OpenFile | null = null;
  const opened = (): OpenFile => {
    if (file !== null) return file;
    throw new CrossfadeError('E_STORE_CLOSED', 'The store sqlite is closed. Nothing was done. Open it first.', {
      path,
    });
  };
  const table = (name: string): Table => opened().tables.get(name) as Table;
  const failedRead = (error: unknown): never => {
    throw storeFailure(error, path, 'Nothing was read.');
  };
  const read = <T>(step: () => T): Awaitable<T> => caught(() => opened().connection.read(step), failedRead);
  return withinLife({
    name: 'sqlite',
    supports: database,
    open: async (schema: Collections) => {
      file = await openFile(
        { path, tables: options.tables ?? 'expect', busyTimeoutMs: options.busyTimeoutMs ?? 5_000 },
        schema,
      );
    },
    close: async () => {
      file?.connection.db.close();
      file = null;
    },
    read: (collection: string, key: Key) => read(() => table(collection).read(key)),
    scan: (collection: string, scan: DriverScan) => read(() => table(collection).scan(scan)),
    write: (changes: readonly DriverChange[]) => writeChanges(opened(), () => changes),
    update: (collection, key, change) =>
      writeChanges(opened(), () => {
        const row = table(collection).read(key);
        const wanted = called(() => change(row));
        return wanted === null ? [] : [wanted];
      }),
    capture: captureOf(opened),
    fence: fenceOf(opened),
    mirror: mirrorOf(opened),
    bulk: bulkOf(opened),
    counters: countersOf(opened),
  });
}

/** What `change` throws is its caller's news, as it is. */
function called<T>(change: () => T): T {
  try {
    return change();
  } catch (error) {
    throw new CallersError(error);
  }
}
