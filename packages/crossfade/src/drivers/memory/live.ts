import type { Bulk } from '../../store/live/bulk.ts';
import type { EpochFence } from '../../store/live/epoch-fence.ts';
import type { Fence } from '../../store/live/fence.ts';
import type { Guards } from '../../store/live/guards.ts';
import { type Led, ledBy } from '../../store/live/led.ts';
import type { Mirror } from '../../store/live/mirror.ts';
import { holdingOf, recordsOf } from '../../store/live/units.ts';
import { ledByLoad, taken, walkRange } from '../../store/tables/range.ts';
import type { Past } from '../../store/tables/past.ts';
import type { Table } from '../../store/tables/table.ts';
import { valuesText } from '../../store/tables/values-text.ts';
import { copied, copiesOf } from './copies.ts';

/** What the parts of the live protocol work on. */
export interface Held {
  readonly table: (name: string) => Table;
  /** Makes what another store leads: it passes the fence and is not captured. */
  readonly follow: (led: Led) => void;
  readonly past: Past;
  readonly guards: Guards;
}

/** The fence as the contract has it: every call is one step, so no write is under way when it is turned. */
export function fenceOf(fence: EpochFence): Fence {
  return {
    set: async (epoch) => fence.take(fence.turned(epoch, true)),
    lift: async (epoch) => fence.take(fence.turned(epoch, false)),
    state: async () => fence.state,
  };
}

/** The mirror of a store in memory. */
export function mirrorOf({ table, follow, guards }: Held): Mirror {
  return {
    begin: async (epoch) => void guards.begin(epoch),
    apply: async (epoch, given) => {
      const due = guards.due(epoch, given);
      follow(ledBy(recordsOf(due, holdingOf(table))));
      for (const each of due) guards.note(epoch, each);
      return due.length;
    },
    reset: async () => guards.reset(),
  };
}

/** Ranges of keys. A load is one step; a snapshot keeps what changes while it is read. */
export function bulkOf({ table, follow, past, guards }: Held): Bulk {
  return {
    range: async (collection, range, limit) =>
      copiesOf(taken(walkRange(table(collection), range), limit), table(collection)),
    load: async (epoch, collection, range, rows, keep = []) => {
      guards.check(epoch);
      const { led, count } = ledByLoad(table(collection), range, rows, keep);
      follow(led);
      return count;
    },
    snapshot: (read) =>
      past.during((memory) =>
        read({
          read: async (collection, key) => {
            const then = memory.past(table(collection), valuesText(key));
            return copied(then === undefined ? table(collection).get(key) : (then ?? undefined), table(collection));
          },
          range: async (collection, range, limit) =>
            copiesOf(
              taken(memory.range(table(collection), range), limit).map(({ row }) => row),
              table(collection),
            ),
        }),
      ),
  };
}
