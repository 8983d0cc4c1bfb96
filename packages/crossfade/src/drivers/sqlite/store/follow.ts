import { isDeepStrictEqual } from 'node:util';
import type { CrossfadeError } from '../../../core/errors.ts';
import { refusal, refusalWords } from '../../../store/refusal.ts';
import { type Put, type RecordName, takenRefusal } from '../../../store/live/led.ts';
import { isCheck, makeChange } from './changes.ts';
import type { OpenFile } from './open.ts';
import { makeParked } from './parked-unique.ts';
import { passing } from './passage.ts';
import type { Table } from './table.ts';
import { isUniqueRefusal, writeFailure } from './write-changes.ts';

/** What another store leads, as it is found out within the transaction. */
export interface Following {
  readonly puts: readonly Put[];
  /** No removal may take them along, nor set a field of them NULL. */
  readonly kept: readonly RecordName[];
  /** Removes what is to be removed; returns how many records that were, without those that went with them. */
  readonly remove: () => number;
}

/**
 * Makes what another store leads in one transaction, which passes the fence and is not captured. Where unique sets refuse
 * the order of the statements, it is rolled back and made once more in another one.
 *
 * @param find may run more than once, each time in a transaction of its own
 * @param collections those that may be written, for messages
 */
export async function follow(file: OpenFile, collections: readonly string[], find: () => Following): Promise<void> {
  const { connection, tables } = file;
  let refused: CrossfadeError | null = null;
  for (const make of [putsFirst, parked, removalsFirst]) {
    try {
      return await connection.write(() => {
        connection.deferReferences();
        passing(connection.db, () => make(tables, find()));
      });
    } catch (error) {
      if (isUniqueRefusal(error)) refused ??= error;
      // A CHECK of the table may not let a value stand in for the time being.
      else if (refused === null || !isCheck(error)) throw writeFailure(error, connection.path, collections);
    }
  }
  throw refused as CrossfadeError;
}

type Order = (tables: ReadonlyMap<string, Table>, following: Following) => void;

/** A removal takes along what refers to its record when it is made, so the puts have to have parted from there. */
const putsFirst: Order = (tables, following) => {
  for (const put of following.puts) makeChange(tables.get(put.collection) as Table, put);
  removeBehind(tables, following);
};

/** Unique values pass from record to record: none of them is there while the removals are made. */
const parked: Order = (tables, following) => makeParked(tables, following.puts, () => removeBehind(tables, following));

/**
 * For tables that let no value stand in for another. It comes to the same where the removals have taken along none of the
 * records that are to stay; else it is refused.
 */
const removalsFirst: Order = (tables, { puts, kept, remove }) => {
  const held = puts.filter((put) => isThere(tables, put));
  const touched = touchedOf(tables, kept);
  remove();
  const taken = held.find((put) => !isThere(tables, put)) ?? touched();
  if (taken !== undefined) throw refusal('E_UNIQUE', taken.collection, refusalWords.E_UNIQUE);
  for (const put of puts) makeChange(tables.get(put.collection) as Table, put);
};

function removeBehind(tables: ReadonlyMap<string, Table>, { puts, kept, remove }: Following): void {
  const touched = touchedOf(tables, kept);
  if (remove() === 0) return;
  const taken = puts.find((put) => !isThere(tables, put)) ?? touched();
  if (taken !== undefined) throw takenRefusal(taken.collection);
}

/** Looks at records as they are, and finds one of them that is another later on. */
function touchedOf(tables: ReadonlyMap<string, Table>, records: readonly RecordName[]): () => RecordName | undefined {
  const stored = ({ collection, key }: RecordName): unknown => (tables.get(collection) as Table).stored(key);
  const before = records.map(stored);
  return () => records.find((record, i) => !isDeepStrictEqual(stored(record), before[i]));
}

function isThere(tables: ReadonlyMap<string, Table>, { collection, key }: Put): boolean {
  return (tables.get(collection) as Table).has(key);
}
