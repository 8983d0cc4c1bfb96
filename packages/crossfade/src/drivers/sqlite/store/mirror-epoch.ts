import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import { run } from '../run.ts';
import type { OpenFile } from './open.ts';
import { has, keepingCapture } from './schema-version.ts';

/** Begins an epoch for the collections of the store. @throws CrossfadeError E_FENCED for one that is over */
export function beginEpoch({ connection: { db, path }, schema }: OpenFile, epoch: bigint): void {
  const collections = Object.keys(schema);
  const last = epochOf(db, collections);
  if (last !== null && epoch < last) throw notTheEpoch(path, epoch, last);
  keepingCapture(db, () => {
    db.exec(`CREATE TABLE IF NOT EXISTS crossfade_mirror (collection TEXT NOT NULL, key TEXT NOT NULL,
      epoch INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS crossfade_mirror_begun (collection TEXT PRIMARY KEY, epoch INTEGER NOT NULL)`);
  });
  const begin = db.prepare('INSERT OR REPLACE INTO crossfade_mirror_begun (collection, epoch) VALUES (?, ?)');
  for (const collection of collections) run(begin, collection, epoch);
}

/** @throws CrossfadeError E_FENCED unless this epoch of the store's collections began last */
export function checkEpoch({ connection: { db, path }, schema }: OpenFile, epoch: bigint): void {
  const last = epochOf(db, Object.keys(schema));
  if (last !== epoch) throw notTheEpoch(path, epoch, last);
}

/** The latest one of any of the collections; null where none has begun. */
function epochOf(db: DatabaseSync, collections: readonly string[]): bigint | null {
  if (!has(db, 'crossfade_mirror_begun')) return null;
  const statement = db.prepare('SELECT collection, epoch FROM crossfade_mirror_begun');
  statement.setReadBigInts(true);
  const own = statement.all().filter(({ collection }) => collections.includes(String(collection)));
  return own.reduce<bigint | null>(
    (last, { epoch }) => (last === null || (epoch as bigint) > last ? (epoch as bigint) : last),
    null,
  );
}

function notTheEpoch(path: string, epoch: bigint, last: bigint | null): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${path}: epoch ${epoch} is not the one that mirrors here${last === null ? '' : `, which is ${last}`}. Nothing was written. Look who leads before going on.`,
    { path, epoch, last },
  );
}
