import { CrossfadeError } from '../../../core/errors.ts';
import type { DriverChange } from '../../../store/contract.ts';
import { type Awaitable, caught } from '../../../store/awaitable.ts';
import { isCheck, makeChange, referenceRefusal } from './changes.ts';
import { storeFailure } from './failure.ts';
import { fencedRefusal } from './fence.ts';
import type { OpenFile } from './open.ts';
import { makeParked } from './parked-unique.ts';
import type { Table } from './table.ts';

/**
 * One transaction: finds out what is to be changed, and changes it. Where unique sets refuse the order of the changes,
 * the transaction is rolled back and made once more with parked values.
 *
 * @param find may run more than once, each time in a transaction of its own
 */
export function writeChanges(
  { connection, tables, hasRestrict }: OpenFile,
  find: () => readonly DriverChange[],
): Awaitable<void> {
  let changes: readonly DriverChange[] = [];
  const makeEach = (): void => {
    changes = find();
    if (changes.length > 1 || hasRestrict) connection.deferReferences();
    for (const change of changes) makeChange(tables.get(change.collection) as Table, change);
  };
  const makeAllParked = (): void => {
    connection.deferReferences();
    makeParked(tables, find());
  };
  const again = (error: unknown): Awaitable<void> => {
    if (changes.length < 2 || !isUniqueRefusal(error)) throw error;
    return caught(
      () => connection.write(makeAllParked),
      (other) => {
        // A CHECK of the table may not let a value stand in for the time being; then the order decides after all.
        throw isCheck(other) ? error : other;
      },
    );
  };
  return caught(
    () => caught(() => connection.write(makeEach), again),
    (error) => {
      const collections = changes.map(({ collection }) => collection);
      throw writeFailure(error, connection.path, collections);
    },
  );
}

/** What a write transaction has thrown, as the store's error. @param collections those that it writes */
export function writeFailure(error: unknown, path: string, collections: readonly string[]): unknown {
  return (
    fencedRefusal(error, path) ??
    referenceRefusal(collections, error) ??
    storeFailure(error, path, 'Nothing was written.')
  );
}

/** Whether a unique set has said no. */
export function isUniqueRefusal(error: unknown): error is CrossfadeError {
  return error instanceof CrossfadeError && error.code === 'E_UNIQUE';
}
