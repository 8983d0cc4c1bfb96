import { CrossfadeError } from '../../core/errors.ts';
import { emptyRow, type Collections, type Key, type Row } from '../../schema/collection.ts';
import { compareValues } from '../../schema/values/field-values.ts';
import type { Driver, DriverChange, DriverScan } from '../contract.ts';
import { notLive } from '../supports.ts';

/** What random histories are held against: as short as the contract allows, without constraints, and slow. */
export function referenceDriver(): Driver {
  let rows = new Map<string, { readonly key: Key; readonly collection: string; readonly row: Row }>();
  const idOf = (collection: string, key: Key): string =>
    JSON.stringify([collection, ...key], (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  const write = async (changes: readonly DriverChange[]): Promise<void> => {
    const next = new Map(rows);
    for (const change of changes) {
      const id = idOf(change.collection, change.key);
      const before = next.get(id)?.row;
      if (change.kind === 'insert' && before !== undefined) throw new CrossfadeError('E_KEY_EXISTS', 'it is there');
      if (change.kind === 'patch' && before === undefined) throw new CrossfadeError('E_KEY_MISSING', 'it is not there');
      if (change.kind === 'remove') next.delete(id);
      else {
        const row = change.kind === 'patch' ? Object.assign(emptyRow(), before, change.set) : change.row;
        next.set(id, { key: change.key, collection: change.collection, row });
      }
    }
    rows = next;
  };
  const read = async (collection: string, key: Key): Promise<Row | null> =>
    rows.get(idOf(collection, key))?.row ?? null;
  return {
    name: 'reference',
    supports: {
      atomic: true,
      update: true,
      orderedScan: true,
      constraints: false,
      durable: 'nothing',
      writers: 'one',
      ...notLive,
    },
    open: async (_schema: Collections) => undefined,
    close: async () => undefined,
    read,
    write,
    update: async (collection, key, change) => {
      const wanted = change(await read(collection, key));
      if (wanted !== null) await write([wanted]);
    },
    scan: async (collection: string, { where, order, descending, after, limit }: DriverScan) => {
      const compare = (a: Key, b: Key): number => {
        const at = a.findIndex((value, i) => compareValues(value, b[i]) !== 0);
        return at < 0 ? 0 : compareValues(a[at], b[at]) * (descending ? -1 : 1);
      };
      const valuesOf = (row: Row): Key => order.map((field) => row[field]);
      const holds = (row: Row): boolean =>
        where.every(({ field, is, value }) => {
          const held = row[field];
          if (held === null || value === null) return is === '=' && held === value;
          const difference = compareValues(held, value);
          return (
            (is.includes('=') && difference === 0) ||
            (is.includes('<') && difference < 0) ||
            (is.includes('>') && difference > 0)
          );
        });
      return [...rows.values()]
        .filter((each) => each.collection === collection && holds(each.row))
        .map(({ row }) => row)
        .filter((row) => after === null || compare(valuesOf(row), after) > 0)
        .sort((a, b) => compare(valuesOf(a), valuesOf(b)))
        .slice(0, limit);
    },
  };
}
