import type { Collections, Key, Row, Value } from '../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../store/contract.ts';
import { memoryRefusals } from './constraints.ts';
import { refusal, refusalWords } from '../../store/refusal.ts';
import { Table } from './table.ts';

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
      capture: 'none',
      fence: 'none',
    },
    open: async (schema: Collections) => {
      for (const [name, shape] of Object.entries(schema))
        if (!tables.has(name)) tables.set(name, new Table(name, shape));
    },
    close: async () => undefined,
    read: async (collection: string, key: Key) => copied(table(collection).get(key)),
    scan: async (collection: string, scan: DriverScan) => table(collection).scan(scan).map(copyOf),
    write: async (changes: readonly DriverChange[]) => apply(tables, changes),
    update: async (collection, key, change) => {
      const wanted = change(copied(table(collection).get(key)));
      if (wanted !== null) apply(tables, [wanted]);
    },
    snapshot: (collection) => table(collection).all().map(copyOf),
  };
}

/** Makes the changes in order, checks what they must not break, and takes them back when they do. */
function apply(tables: ReadonlyMap<string, Table>, changes: readonly DriverChange[]): void {
  const undone: (() => void)[] = [];
  const set = (table: Table, key: Key, row: Row | undefined): void => {
    const before = table.set(key, row);
    undone.push(() => void table.set(key, before));
  };
  try {
    for (const change of changes) {
      const table = tables.get(change.collection) as Table;
      set(table, change.key, afterwards(table, change));
    }
    memoryRefusals(tables, changes, set);
  } catch (error) {
    for (const undo of undone.toReversed()) undo();
    throw error;
  }
}

function afterwards(table: Table, change: DriverChange): Row | undefined {
  const before = table.get(change.key);
  if (change.kind === 'remove') return undefined;
  if (change.kind === 'insert' && before !== undefined)
    throw refusal('E_KEY_EXISTS', table.name, refusalWords.E_KEY_EXISTS);
  if (change.kind !== 'patch') return copyOf(change.row);
  if (before === undefined) throw refusal('E_KEY_MISSING', table.name, refusalWords.E_KEY_MISSING);
  return copyOf({ ...before, ...change.set });
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
