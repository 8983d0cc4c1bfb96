import type { Collections, Key, Row, Value } from '../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../store/contract.ts';
import { notLive } from '../../store/supports.ts';
import { applyChanges } from '../../store/tables/apply.ts';
import { Table } from '../../store/tables/table.ts';

/** What a memory driver can be asked beyond the contract. */
export interface MemoryDriver extends Driver {
  /** All records of a collection in the order of the key: one state, whatever is written afterwards. */
  snapshot(collection: string): readonly Row[];
}

/**
 * Records in the memory of this process: the honest reference of the contract. Every call is one step, so nothing comes
 * in between. Records stay over `close` and `open`, and end with the process.
 */
export function memoryDriver(): MemoryDriver {
  const tables = new Map<string, Table>();
  const table = (name: string): Table => tables.get(name) as Table;
  return {
    name: 'memory',
    supports: {
      atomic: true,
      update: true,
      orderedScan: true,
      constraints: true,
      durable: 'nothing',
      writers: 'one',
      ...notLive,
    },
    open: async (schema: Collections) => {
      for (const [name, shape] of Object.entries(schema))
        if (!tables.has(name)) tables.set(name, new Table(name, shape));
    },
    close: async () => undefined,
    read: async (collection: string, key: Key) => copied(table(collection).get(key)),
    scan: async (collection: string, scan: DriverScan) => table(collection).scan(scan).map(copyOf),
    write: async (changes: readonly DriverChange[]) => void applyChanges(tables, changes, copyOf),
    update: async (collection, key, change) => {
      const wanted = change(copied(table(collection).get(key)));
      if (wanted !== null) applyChanges(tables, [wanted], copyOf);
    },
    snapshot: (collection) => table(collection).all().map(copyOf),
  };
}

function copied(row: Row | undefined): Row | null {
  return row === undefined ? null : copyOf(row);
}

/** Nobody outside holds what stands here, and nothing that was handed out changes. */
function copyOf(row: Row): Row {
  const copy = Object.create(null) as Record<string, Value>;
  for (const name of Object.keys(row)) copy[name] = copyValue(row[name]);
  return copy;
}

function copyValue(value: Value): Value {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}
