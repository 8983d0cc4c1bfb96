import { resolve } from 'node:path';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Collections, Key } from '../../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../../store/contract.ts';
import type { Capture } from '../../../store/live/capture.ts';
import type { Counters } from '../../../store/live/counters.ts';
import type { Fence } from '../../../store/live/fence.ts';
import { notLive } from '../../../store/supports.ts';
import { captureOf } from './capture.ts';
import { isCheck, makeChange, referenceRefusal } from './changes.ts';
import { CallersError } from './connection.ts';
import { countersOf } from './counters.ts';
import { storeFailure } from './failure.ts';
import { fencedRefusal, fenceOf } from './fence.ts';
import { type OpenFile, openFile } from './open.ts';
import { makeParked } from './parked-unique.ts';
import type { Table } from './table.ts';

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

/** What a SQLite driver can be asked beyond the contract, while the store is open. */
export interface SqliteDriver extends Driver {
  readonly capture: Capture;
  readonly fence: Fence;
  readonly counters: Counters;
}

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
  const read = async <T>(step: () => T): Promise<T> => {
    try {
      return await opened().connection.read(step);
    } catch (error) {
      throw storeFailure(error, path, 'Nothing was read.');
    }
  };
  return {
    name: 'sqlite',
    supports: {
      atomic: true,
      update: true,
      orderedScan: true,
      constraints: true,
      durable: 'machine',
      writers: 'many',
      ...notLive,
      capture: 'triggers',
      fence: 'triggers',
      counters: true,
    },
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
    write: async (changes: readonly DriverChange[]) => write(opened(), () => changes),
    update: async (collection, key, change) =>
      write(opened(), () => {
        const row = table(collection).read(key);
        const wanted = called(() => change(row));
        return wanted === null ? [] : [wanted];
      }),
    capture: captureOf(opened),
    fence: fenceOf(opened),
    counters: countersOf(opened),
  };
}

/** What `change` throws is its caller's news, as it is. */
function called<T>(change: () => T): T {
  try {
    return change();
  } catch (error) {
    throw new CallersError(error);
  }
}

/** One transaction: finds out what is to be changed, and changes it. */
async function write({ connection, tables }: OpenFile, find: () => readonly DriverChange[]): Promise<void> {
  let changes: readonly DriverChange[] = [];
  const makeEach = (): void => {
    changes = find();
    for (const change of changes) makeChange(tables.get(change.collection) as Table, change);
  };
  try {
    await connection.write(makeEach).catch((error: unknown) => {
      if (changes.length < 2 || !isUniqueRefusal(error)) throw error;
      return connection
        .write(() => makeParked(tables, changes))
        .catch((other: unknown) => {
          // A CHECK of the table may not let a value stand in for the time being; then the order decides after all.
          throw isCheck(other) ? error : other;
        });
    });
  } catch (error) {
    throw (
      fencedRefusal(error, connection.path) ??
      referenceRefusal(changes, error) ??
      storeFailure(error, connection.path, 'Nothing was written.')
    );
  }
}

function isUniqueRefusal(error: unknown): boolean {
  return error instanceof CrossfadeError && error.code === 'E_UNIQUE';
}
