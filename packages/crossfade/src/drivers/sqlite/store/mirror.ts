import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import type { JsonValue } from '../../../schema/collection.ts';
import { printJson } from '../../../schema/values/json-value.ts';
import type { Mirror, Mirrored } from '../../../store/live/mirror.ts';
import { ledBy } from '../../../store/live/led.ts';
import { follow } from './follow.ts';
import type { OpenFile } from './open.ts';
import { has, keepingCapture } from './schema-version.ts';
import { writing } from './writing.ts';

/** The mirror of a file that is open when it is asked. */
export function mirrorOf(opened: () => OpenFile): Mirror {
  return {
    begin: (epoch) => writing(opened, (file) => begin(file, epoch)),
    apply: async (epoch, records) => {
      const file = opened();
      let fresh: readonly Mirrored[] = [];
      const collections = records.map(({ collection }) => collection);
      await follow(file, collections, () => {
        fresh = freshRecords(file, epoch, records);
        const { puts, removals } = ledBy(fresh);
        return {
          puts,
          remove: () => removals.filter((each) => file.tables.get(each.collection)?.remove(each.key)).length,
        };
      });
      return fresh.length;
    },
    reset: () =>
      writing(opened, ({ connection: { db } }) => {
        if (has(db, 'crossfade_mirror')) db.exec('DELETE FROM crossfade_mirror');
      }),
  };
}

function begin({ connection: { db, path } }: OpenFile, epoch: bigint): void {
  const last = epochOf(db);
  if (last !== null && epoch < last) throw notTheEpoch(path, epoch, last);
  keepingCapture(db, () => {
    db.exec(`CREATE TABLE IF NOT EXISTS crossfade_mirror (collection TEXT NOT NULL, key TEXT NOT NULL,
      epoch INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS crossfade_mirror_epoch (epoch INTEGER NOT NULL)`);
  });
  db.exec('DELETE FROM crossfade_mirror_epoch');
  db.prepare('INSERT INTO crossfade_mirror_epoch VALUES (?)').run(epoch);
}

/** Those that are beyond what is noted for their key; from then on they are what is noted. */
function freshRecords({ connection }: OpenFile, epoch: bigint, records: readonly Mirrored[]): Mirrored[] {
  const last = epochOf(connection.db);
  if (last !== epoch) throw notTheEpoch(connection.path, epoch, last);
  const note = connection.prepared(`INSERT INTO crossfade_mirror AS noted (collection, key, epoch, version)
    VALUES (?, ?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
    WHERE (noted.epoch, noted.version) < (excluded.epoch, excluded.version)`);
  return records.filter(({ collection, key, version }) => {
    const { changes } = note.run(collection, printJson(key as JsonValue), epoch, version);
    return Number(changes) > 0;
  });
}

function epochOf(db: DatabaseSync): bigint | null {
  if (!has(db, 'crossfade_mirror_epoch')) return null;
  const statement = db.prepare('SELECT epoch FROM crossfade_mirror_epoch');
  statement.setReadBigInts(true);
  return (statement.get()?.epoch as bigint | undefined) ?? null;
}

function notTheEpoch(path: string, epoch: bigint, last: bigint | null): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${path}: epoch ${epoch} is not the one that mirrors here${last === null ? '' : `, which is ${last}`}. Nothing was written. Look who leads before going on.`,
    { path, epoch, last },
  );
}
