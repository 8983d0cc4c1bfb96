import type { JsonValue } from '../../../schema/collection.ts';
import { printJson } from '../../../schema/values/json-value.ts';
import type { Guarded, Mirror } from '../../../store/live/mirror.ts';
import { type Holding, isUnit, nameOf, recordsOf } from '../../../store/live/units.ts';
import { run } from '../run.ts';
import { ledBy } from '../../../store/live/led.ts';
import { follow } from './follow.ts';
import { beginEpoch, checkEpoch } from './mirror-epoch.ts';
import type { OpenFile } from './open.ts';
import { has } from './schema-version.ts';
import type { Table } from './table.ts';
import { writing } from './writing.ts';

/** The mirror of a file that is open when it is asked. */
export function mirrorOf(opened: () => OpenFile): Mirror {
  return {
    begin: (epoch) => writing(opened, (file) => beginEpoch(file, epoch)),
    apply: async (epoch, given) => {
      const file = opened();
      let fresh: readonly Guarded[] = [];
      await follow(file, given.flatMap(collectionsOf), () => {
        fresh = beyondNoted(file, epoch, given);
        const { puts, removals, kept } = ledBy(recordsOf(fresh, holdingOf(file)));
        return {
          puts,
          kept,
          remove: () => removals.filter((each) => file.tables.get(each.collection)?.remove(each.key)).length,
        };
      });
      return fresh.length;
    },
    reset: () =>
      writing(opened, ({ connection: { db }, schema }) => {
        if (!has(db, 'crossfade_mirror')) return;
        const forget = db.prepare('DELETE FROM crossfade_mirror WHERE collection = ?');
        for (const collection of Object.keys(schema)) run(forget, collection);
      }),
  };
}

/** Those that are beyond what is noted for them; from then on they are what is noted. */
function beyondNoted(file: OpenFile, epoch: bigint, given: readonly Guarded[]): Guarded[] {
  const { connection } = file;
  checkEpoch(file, epoch);
  const note = connection.prepared(`INSERT INTO crossfade_mirror AS noted (collection, key, epoch, version)
    VALUES (?, ?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
    WHERE (noted.epoch, noted.version) < (excluded.epoch, excluded.version)`);
  return given.filter((each) => run(note, nameOf(each).collection, keyText(each), epoch, each.version) > 0);
}

/** The key of a record is a list, so that of a unit, which is none, is never one. */
function keyText(given: Guarded): string {
  const key = given.key as JsonValue;
  return printJson(isUnit(given) ? { unit: given.unit, key } : key);
}

function collectionsOf(given: Guarded): string[] {
  return isUnit(given) ? given.parts.map(({ collection }) => collection) : [given.collection];
}

/** What the file holds, as the transaction sees it. */
function holdingOf({ tables }: OpenFile): Holding {
  const table = (collection: string): Table => tables.get(collection) as Table;
  return {
    shape: (collection) => table(collection).shape,
    belonging: ({ collection, by }, key) => table(collection).withValues(by, key),
    standing: ({ collection }, key) => table(collection).read(key),
  };
}
