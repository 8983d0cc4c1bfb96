import type { Collection, Key, Row } from '../../../schema/collection.ts';
import { compareKeys } from '../../../schema/values/field-values.ts';
import type { Bulk, KeyRange, LoadCount } from '../../../store/live/bulk.ts';
import { readable } from '../../../store/live/damaged.ts';
import type { Put } from '../../../store/live/led.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { storeFailure } from './failure.ts';
import { follow } from './follow.ts';
import { checkEpoch } from './mirror-epoch.ts';
import type { OpenFile } from './open.ts';
import { snapshotOf } from './snapshot.ts';
import type { Table } from './table.ts';

/** The bulk of a file that is open when it is asked. */
export function bulkOf(opened: () => OpenFile): Bulk {
  return {
    range: async (collection, { after, upTo }, limit, onDamaged) => {
      const { connection, tables } = opened();
      const table = tables.get(collection) as Table;
      const bounds = { '>': after, '<=': upTo };
      try {
        return await readable(limit, onDamaged, (most) => connection.read(() => table.foundIn(bounds, most)));
      } catch (error) {
        throw storeFailure(error, connection.path, 'Nothing was read.');
      }
    },
    load: async (epoch, collection, range, rows, keep = []) => load(opened(), collection, { epoch, range, rows, keep }),
    snapshot: (read) => snapshotOf(opened(), read),
  };
}

interface Load {
  readonly epoch: bigint;
  readonly range: KeyRange;
  readonly rows: readonly Row[];
  readonly keep: readonly Key[];
}

async function load(file: OpenFile, collection: string, { epoch, range, rows, keep }: Load): Promise<LoadCount> {
  const table = file.tables.get(collection) as Table;
  const kept = new Set(keep.map(valuesText));
  const keyed = rows.map((row) => ({ key: keyOf(table.shape, row), row }));
  const puts = keyed
    .filter(({ key }) => !kept.has(valuesText(key)))
    .map(({ key, row }): Put => ({ kind: 'put', collection, key, row }));
  const staying = [...keyed.map(({ key }) => key), ...keep].sort(compareKeys);
  let removed = 0;
  const remove = (): number => (removed = removeBetween(table, range, staying));
  await follow(file, [collection], () => {
    checkEpoch(file, epoch);
    // To remove it would be as wrong as to keep it: nobody knows what it is.
    table.refuseKeyless({ '>': range.after, '<=': range.upTo });
    return { puts, kept: keep.map((key) => ({ collection, key })), remove };
  });
  return { written: puts.length, removed };
}

/**
 * Removes what lies in the range between the keys that stay. As ranges, because a key that another program has written
 * and the schema does not hold lies in one of them too.
 */
function removeBetween(table: Table, range: KeyRange, staying: readonly Key[]): number {
  const within = staying.filter(
    (key) =>
      (range.after === null || compareKeys(key, range.after) > 0) &&
      (range.upTo === null || compareKeys(key, range.upTo) <= 0),
  );
  const starts = [range.after, ...within];
  return starts.reduce((removed, start, i) => {
    const end = i < within.length ? { '<': within[i] } : { '<=': range.upTo };
    return removed + table.removeRange({ '>': start, ...end });
  }, 0);
}

function keyOf(shape: Collection, row: Row): Key {
  return shape.key.map((field) => row[field]);
}
