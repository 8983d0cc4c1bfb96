import { CrossfadeError } from '../../../core/errors.ts';
import type { DriverChange } from '../../../store/contract.ts';
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
 * @param around the whole of the transaction but its beginning and end
 */
export async function writeChanges(
  { connection, tables }: OpenFile,
  find: () => readonly DriverChange[],
  around: (step: () => void) => void = (step) => step(),
): Promise<void> {
  let changes: readonly DriverChange[] = [];
  const makeEach = (): void => {
    changes = find();
    for (const change of changes) makeChange(tables.get(change.collection) as Table, change);
  };
  try {
    await connection
      .write(() => around(makeEach))
      .catch((error: unknown) => {
        if (changes.length < 2 || !isUniqueRefusal(error)) throw error;
        return connection
          .write(() => around(() => makeParked(tables, find())))
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
