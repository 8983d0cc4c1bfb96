import type { JsonValue } from '../../../schema/collection.ts';
import { printJson } from '../../../schema/values/json-value.ts';
import type { Mirror, Mirrored } from '../../../store/live/mirror.ts';
import { run } from '../run.ts';
import { ledBy } from '../../../store/live/led.ts';
import { follow } from './follow.ts';
import { beginEpoch, checkEpoch } from './mirror-epoch.ts';
import type { OpenFile } from './open.ts';
import { has } from './schema-version.ts';
import { writing } from './writing.ts';

/** The mirror of a file that is open when it is asked. */
export function mirrorOf(opened: () => OpenFile): Mirror {
  return {
    begin: (epoch) => writing(opened, (file) => beginEpoch(file, epoch)),
    apply: async (epoch, records) => {
      const file = opened();
      let fresh: readonly Mirrored[] = [];
      const collections = records.map(({ collection }) => collection);
      await follow(file, collections, () => {
        fresh = freshRecords(file, epoch, records);
        const { puts, removals, kept } = ledBy(fresh);
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

/** Those that are beyond what is noted for their key; from then on they are what is noted. */
function freshRecords(file: OpenFile, epoch: bigint, records: readonly Mirrored[]): Mirrored[] {
  const { connection } = file;
  checkEpoch(file, epoch);
  const note = connection.prepared(`INSERT INTO crossfade_mirror AS noted (collection, key, epoch, version)
    VALUES (?, ?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
    WHERE (noted.epoch, noted.version) < (excluded.epoch, excluded.version)`);
  return records.filter(
    ({ collection, key, version }) => run(note, collection, printJson(key as JsonValue), epoch, version) > 0,
  );
}
