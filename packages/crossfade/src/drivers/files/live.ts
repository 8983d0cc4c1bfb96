import { emptyRow, type Row } from '../../schema/collection.ts';
import type { Bulk, Snapshot } from '../../store/live/bulk.ts';
import type { Capture } from '../../store/live/capture.ts';
import { readable } from '../../store/live/damaged.ts';
import type { Fence } from '../../store/live/fence.ts';
import { ledBy, recordText } from '../../store/live/led.ts';
import type { Guarded, Mirror } from '../../store/live/mirror.ts';
import { holdingOf, isUnit, recordsOf } from '../../store/live/units.ts';
import { ledByLoad, taken, walkRange } from '../../store/tables/range.ts';
import type { Memory } from '../../store/tables/past.ts';
import type { Table } from '../../store/tables/table.ts';
import { valuesText } from '../../store/tables/values-text.ts';
import { guardsNotNoted, storeFailed } from './failure.ts';
import type { Folder } from './folder.ts';
import { follow } from './follow.ts';
import type { Place } from './place.ts';
import { readEach, readKey, readKnown, refuseDamaged } from './read.ts';
import { saveFence } from './sidecars.ts';

/** The intents of a place that is open when it is asked. Installing and removing come between writes. */
export function captureOf(opened: () => Place): Capture {
  return {
    install: async () => opened().gate.exclusive(() => opened().intents.install()),
    remove: async () => opened().gate.exclusive(() => opened().intents.remove()),
    stands: async () => opened().intents.stands(),
    entries: async (limit) => opened().intents.entries(limit),
    clear: async (entries) => opened().intents.clear(entries),
  };
}

/** The fence of a place that is open when it is asked: it is turned between writes. */
export function fenceOf(opened: () => Place): Fence {
  const turn = async (epoch: bigint, isSet: boolean): Promise<void> =>
    opened().gate.exclusive(async () => {
      const { dir, fence } = opened();
      const state = fence.turned(epoch, isSet);
      await saveFence(dir, state).catch((error: unknown) => {
        throw storeFailed(dir, 'The fence was not turned.', error);
      });
      fence.take(state);
    });
  return {
    set: (epoch) => turn(epoch, true),
    lift: (epoch) => turn(epoch, false),
    state: async () => opened().fence.state,
  };
}

/** A document that nobody can read may belong to any unit of its collection, which would then not be exactly what was given. */
function refuseUnread({ folders }: Place, due: readonly Guarded[]): void {
  for (const { parts } of due.filter(isUnit))
    for (const { collection } of parts) {
      const folder = folders.get(collection) as Folder;
      if (folder.unread.size > 0)
        refuseDamaged(folder, 'so nobody can say which unit they belong to', 'Nothing was written.');
    }
}

/**
 * The mirror of a place that is open when it is asked. A guard is on the disk behind its record, at the latest when the
 * call ends, and that of a unit behind all of them: a call that failed notes no unit, so that what is half done is made anew.
 */
export function mirrorOf(opened: () => Place): Mirror {
  return {
    begin: async (epoch) =>
      opened().gate.exclusive(async () => {
        const { guards, guardLog } = opened();
        await guardLog.append(guards.begin(epoch));
      }),
    apply: async (epoch, given) =>
      opened().gate.exclusive(async () => {
        const place = opened();
        const { dir, guards, guardLog } = place;
        const due = guards.due(epoch, given);
        refuseUnread(place, due);
        const records = recordsOf(
          due,
          holdingOf((collection) => place.tables.get(collection) as Table),
        );
        let isWhole = false;
        const made = new Set<string>();
        const note = async (): Promise<void> => {
          const noted = due.filter((each) => (isUnit(each) ? isWhole : made.has(recordText(each))));
          const steps = noted.map((each) => guards.note(epoch, each));
          if (steps.length > 0 || guardLog.isBehind) await guardLog.append(...steps);
        };
        try {
          await follow(place, ledBy(records), (record) => made.add(record));
          isWhole = true;
        } catch (error) {
          // What became of the records matters more; a log that is behind is mended by the next call.
          await note().catch(() => undefined);
          throw error;
        }
        await note().catch((error: unknown) => {
          throw guardsNotNoted(dir, error);
        });
        return due.length;
      }),
    reset: async () =>
      opened().gate.exclusive(async () => {
        const { guards, guardLog } = opened();
        guards.reset();
        await guardLog.rewrite();
      }),
  };
}

/** Ranges of keys of a place that is open when it is asked. */
export function bulkOf(opened: () => Place): Bulk {
  const folder = (collection: string): Folder => opened().folders.get(collection) as Folder;
  return {
    range: async (collection, range, limit, onDamaged) =>
      opened().gate.shared(async () => {
        const from = folder(collection);
        if (onDamaged === undefined) refuseDamaged(from);
        return readable(limit, onDamaged, (most) => readEach(from, taken(walkRange(from.table, range), most)));
      }),
    load: async (epoch, collection, range, rows, keep = []) =>
      opened().gate.exclusive(async () => {
        opened().guards.check(epoch);
        const into = folder(collection);
        refuseDamaged(into);
        const { led, count } = ledByLoad(into.table, range, rows, keep);
        await follow(opened(), led, () => undefined);
        return count;
      }),
    snapshot: async (read) => {
      const { past, gate } = opened();
      return past.during(
        (memory) => read(snapshotOf(opened, memory)),
        (begin) => gate.shared(begin),
      );
    },
  };
}

function snapshotOf(opened: () => Place, memory: Memory): Snapshot {
  const folder = (collection: string): Folder => opened().folders.get(collection) as Folder;
  return {
    read: async (collection, key) =>
      opened().gate.shared(async () => {
        const then = memory.past(folder(collection).table, valuesText(key));
        return then === undefined ? readKey(folder(collection), key) : then && copyOf(then);
      }),
    range: async (collection, range, limit) =>
      opened().gate.shared(async () => {
        const from = folder(collection);
        refuseDamaged(from);
        const seen = taken(memory.range(from.table, range), limit);
        const rows = await readKnown(
          from,
          seen.filter(({ isPast }) => !isPast).map(({ row }) => row),
        );
        const current = rows.values();
        return seen.map(({ row, isPast }) => (isPast ? copyOf(row) : (current.next().value as Row)));
      }),
  };
}

/** A snapshot may be read twice, so nobody gets what it keeps. */
function copyOf(row: Row): Row {
  return Object.assign(emptyRow(), structuredClone({ ...row }));
}
