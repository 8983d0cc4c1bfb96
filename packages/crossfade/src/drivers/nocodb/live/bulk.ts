import { CrossfadeError } from '../../../core/errors.ts';
import type { Key, Row } from '../../../schema/collection.ts';
import { keyOf } from '../../../store/check-change.ts';
import type { Bulk, KeyRange, LoadCount } from '../../../store/live/bulk.ts';
import { type Found, readable } from '../../../store/live/damaged.ts';
import { equalKeys } from '../../../schema/values/equal.ts';
import { ledByLoad, walkRange } from '../../../store/tables/range.ts';
import { storeDamaged } from '../failure.ts';
import { findByIds, reading } from '../find.ts';
import type { Place } from '../place.ts';
import { Damage, type Held, type Id, type Record_ } from '../table.ts';
import { carryOut, type Step } from './carry-out.ts';
import { type LivePlace, overtaking } from './live-place.ts';
import { unreadError, type Walk, walk } from './walk.ts';

const nothingRead = 'Nothing was read.';
const nothingWritten = 'Nothing was written.';

/**
 * Ranges of keys of a base that is open when it is asked. Each call reads the keys of the whole table: NocoDB orders text
 * as its database does, and a key that others have made since an earlier reading would be missing from a range.
 *
 * @param opened null where the store has no mirror, and so no loads
 */
export function bulkOf(placeOf: (collection: string) => Place, opened: (() => LivePlace) | null): Bulk {
  return {
    range: (collection, range, limit, onDamaged) => {
      const place = placeOf(collection);
      return reading(place, nothingRead, async () => {
        const walked = await walk(place);
        return readable(limit, onDamaged, (most) => foundIn(place, walked, range, most));
      });
    },
    load: async (epoch, collection, range, rows, keep = []) => {
      if (opened === null) throw unsupported('A load needs the option mirror, which tells epochs apart.');
      return opened().gate.exclusive(async () => {
        await opened().applier.hold(epoch);
        return overtaking(() => load(opened(), placeOf(collection), range, rows, keep));
      });
    },
    snapshot: () => Promise.reject(unsupported('NocoDB shows no state but the present one.')),
  };
}

/** The first records of a range, those whose key nobody can tell in the first range of all. */
async function foundIn(place: Place, walked: Walk, range: KeyRange, limit: number): Promise<Found[]> {
  const { shape, name } = place.table;
  const unread = range.after === null ? walked.unread : [];
  const found = unread.map(
    (damage): Found => ({ row: thrown(unreadError(place, damage, nothingRead)), key: () => null }),
  );
  const keys = Array.from(walkRange(walked.known, range), (row) => keyOf(shape, row));
  for (let at = 0; at < keys.length && found.length < limit; ) {
    const batch = keys.slice(at, at + limit - found.length);
    at += batch.length;
    const records = await findByIds(
      place,
      batch.flatMap((key) => walked.idsOf(key)),
    );
    for (const key of batch) {
      const ids = walked.idsOf(key).filter((id) => records.has(id));
      // It was removed since.
      if (ids.length === 0) continue;
      const twice = ids.length > 1 && storeDamaged(name, ids, 'have one and the same key', nothingRead);
      found.push({ row: twice ? thrown(twice) : () => rowOf(place, records, ids[0]), key: () => key });
    }
  }
  return found.slice(0, limit);
}

function rowOf(place: Place, records: ReadonlyMap<Id, Record_>, id: Id): Row {
  try {
    return place.table.rowOf(records.get(id) as Record_);
  } catch (error) {
    throw error instanceof Damage ? unreadError(place, error, nothingRead) : error;
  }
}

function thrown(error: Error): () => never {
  return () => {
    throw error;
  };
}

async function load(
  live: LivePlace,
  place: Place,
  range: KeyRange,
  rows: readonly Row[],
  keep: readonly Key[],
): Promise<LoadCount> {
  const { led, count, steps } = await reading(place, nothingWritten, async () => {
    const walked = await walk(place);
    const [first] = walked.unread;
    // It may lie in the range, which would then hold more than was loaded.
    if (first !== undefined) throw unreadError(place, first, nothingWritten);
    const planned = ledByLoad(walked.known, range, rows, keep);
    return { ...planned, steps: await stepsOf(place, walked, [...planned.led.puts, ...planned.led.removals]) };
  });
  const { applier, size } = live;
  const putCount = led.puts.length;
  for (const part of [steps.slice(0, putCount), steps.slice(putCount)])
    await carryOut(place, part, { applier, size, made: () => undefined });
  return count;
}

async function stepsOf(
  place: Place,
  walked: Walk,
  changes: readonly { readonly key: Key; readonly row?: Row }[],
): Promise<readonly Step[]> {
  const { table } = place;
  const twice = changes.find(({ key }) => walked.idsOf(key).length > 1);
  if (twice !== undefined)
    throw storeDamaged(table.name, walked.idsOf(twice.key), 'have one and the same key', nothingWritten);
  const records = await findByIds(
    place,
    changes.flatMap(({ key }) => walked.idsOf(key)),
  );
  return changes.map(({ key, row = null }): Step => {
    const record = records.get(walked.idsOf(key)[0]);
    const held: Held | null = record === undefined ? null : { id: table.idOf(record), row: table.rowOf(record) };
    return { key, held: held !== null && equalKeys(keyOf(table.shape, held.row), key) ? held : null, after: row };
  });
}

function unsupported(why: string): CrossfadeError {
  return new CrossfadeError('E_UNSUPPORTED', `${why} Nothing was done.`, { store: 'nocodb' });
}
