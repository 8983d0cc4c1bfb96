import type { Collections, Key, Row } from '../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../store/contract.ts';
import type { Bulk } from '../../store/live/bulk.ts';
import type { Capture } from '../../store/live/capture.ts';
import { EpochFence } from '../../store/live/epoch-fence.ts';
import type { Fence } from '../../store/live/fence.ts';
import { Guards } from '../../store/live/guards.ts';
import { captureOfList, IntentList } from '../../store/live/intent-list.ts';
import type { Led } from '../../store/live/led.ts';
import type { Mirror } from '../../store/live/mirror.ts';
import { withinLife } from '../../store/live/within-life.ts';
import { ownedByProcess } from '../../store/supports.ts';
import { applyChanges, applyLed, isChange, type Step } from '../../store/tables/apply.ts';
import { Past } from '../../store/tables/past.ts';
import { Table } from '../../store/tables/table.ts';
import { copied, copiesOf, copyOf } from './copies.ts';
import { bulkOf, fenceOf, mirrorOf } from './live.ts';

/** What a memory driver can be asked beyond the contract. */
export interface MemoryDriver extends Driver {
  readonly capture: Capture;
  readonly fence: Fence;
  readonly mirror: Mirror;
  readonly bulk: Bulk;
  /** All records of a collection in the order of the key: one state, whatever is written afterwards. */
  snapshot(collection: string): readonly Row[];
}

/**
 * Records in the memory of this process: the honest reference of the contract. Every call is one step, so nothing comes
 * in between. Records stay over `close` and `open`, and end with the process; so do the entries of its capture, its
 * fence and what it has mirrored.
 */
export function memoryDriver(): MemoryDriver {
  const tables = new Map<string, Table>();
  const table = (name: string): Table => tables.get(name) as Table;
  const intents = new IntentList(0, 0);
  const fence = new EpochFence('memory');
  const past = new Past();
  const read = (from: Table, key: Key): Row | null => copied(from.get(key), from);
  const kept = (steps: readonly Step[]): readonly Step[] => {
    if (past.isRead) for (const step of steps.filter(isChange)) past.keep(step, step.before ?? null);
    return steps;
  };
  /** A write of the application; it has ended when anybody else gets a turn, and so has its intent. */
  const write = (changes: readonly DriverChange[]): void => {
    fence.refuse();
    const made = kept(applyChanges(tables, changes, copyOf));
    if (!intents.installed) return;
    intents.note(made.filter(isChange).map(({ table: { name }, key }) => ({ collection: name, key }))).intent.end();
  };
  const held = {
    table,
    follow: (led: Led) => void kept(applyLed(tables, led, copyOf)),
    past,
    guards: new Guards('memory'),
  };
  return withinLife({
    name: 'memory',
    supports: { ...ownedByProcess, atomic: true },
    open: async (schema: Collections) => {
      for (const [name, shape] of Object.entries(schema))
        if (!tables.has(name)) tables.set(name, new Table(name, shape));
    },
    close: async () => undefined,
    read: (collection: string, key: Key) => read(table(collection), key),
    scan: (collection: string, scan: DriverScan) => copiesOf(table(collection).scan(scan), table(collection)),
    write,
    update: (collection, key, change) => {
      const wanted = change(read(table(collection), key));
      if (wanted !== null) write([wanted]);
    },
    snapshot: (collection) => copiesOf(table(collection).all(), table(collection)),
    capture: captureOfList(intents, () => [...tables.keys()]),
    fence: fenceOf(fence),
    mirror: mirrorOf(held),
    bulk: bulkOf(held),
  });
}
