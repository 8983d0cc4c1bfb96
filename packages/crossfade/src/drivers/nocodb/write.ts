import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../../core/errors.ts';
import { emptyRow, type Key, type Row } from '../../schema/collection.ts';
import type { DriverChange } from '../../store/contract.ts';
import { refusal, refusalWords } from '../../store/refusal.ts';
import { valuesText } from '../../store/tables/values-text.ts';
import { create } from './create.ts';
import { find, findById } from './find.ts';
import type { Place } from './place.ts';
import { RequestFailure } from './request-failure.ts';
import { Overtaken, reasonOf, sameRow, settled, unsure } from './settle.ts';
import type { Held, Id } from './table.ts';

/** How often a change begins anew, because others write the same key. */
const roundsMax = 10;
const pauseMaxMs = 100;

/** Makes one change, after those of the same key that were asked for before. @throws CrossfadeError as the contract says */
export function writeChange(place: Place, change: DriverChange): Promise<void> {
  return place.turns.take(valuesText(change.key), async () => {
    for (let round = 1; ; round++) {
      try {
        const after = await makeChange(place, change, await find(place, change.key));
        place.readings.note(change.key, after);
        return;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        if (round === roundsMax) throw tooBusy(change.collection, round);
        await sleep(randomInt(pauseMaxMs));
      }
    }
  });
}

/** What each change does to what is there; it answers what stands there afterwards. */
async function makeChange(place: Place, change: DriverChange, held: Held | null): Promise<Held | null> {
  const { collection, key, kind } = change;
  if (kind === 'remove') return held === null ? null : remove(place, key, held);
  if (kind === 'insert' && held !== null) throw refusal('E_KEY_EXISTS', collection, refusalWords.E_KEY_EXISTS);
  if (kind === 'patch' && held === null) throw refusal('E_KEY_MISSING', collection, refusalWords.E_KEY_MISSING);
  const values = kind === 'patch' ? change.set : change.row;
  return held === null ? create(place, key, values) : alter(place, key, held, values);
}

/**
 * The fields that are no key: NocoDB's number says which record is meant, and its key stays. The record is read back, since
 * NocoDB makes of a value what its column takes, and says that all went well.
 */
async function alter(place: Place, key: Key, { id, row }: Held, values: Row): Promise<Held> {
  const { requests, table } = place;
  const set = emptyRow();
  for (const [field, value] of Object.entries(values)) if (!table.shape.key.includes(field)) set[field] = value;
  const after = Object.assign(emptyRow(), row, set);
  const send = (): Promise<unknown> =>
    requests.write('PATCH', table.path, { ...table.cellsOf(set), [table.idTitle]: id });
  // What stands there already is not sent: a late arrival of it could undo what others write next.
  if (sameRow(table, row, after)) return { id, row };
  await settled(place, { key, before: row, after, send });
  const stands = await readBack(place, id);
  if (stands === null || !sameRow(table, stands.row, after)) throw unsure(place, foundOtherwise);
  return stands;
}

async function remove(place: Place, key: Key, { id, row }: Held): Promise<null> {
  const { requests, table } = place;
  const send = (): Promise<unknown> => requests.write('DELETE', table.path, { [table.idTitle]: id });
  await settled(place, { key, before: row, after: null, send });
  if ((await readBack(place, id)) !== null) throw unsure(place, foundOtherwise);
  return null;
}

const foundOtherwise = new RequestFailure(null, 'FOUND_OTHERWISE', 'unknown');

/** What stands there behind a write. Where nobody can look, nobody knows. */
async function readBack(place: Place, id: Id): Promise<Held | null> {
  try {
    return await findById(place, id);
  } catch (error) {
    throw unsure(place, reasonOf(error));
  }
}

function tooBusy(collection: string, attempts: number): CrossfadeError {
  return new CrossfadeError(
    'E_STORE_BUSY',
    `${collection}: others wrote the same key all the time, ${attempts} attempts long. Nothing was written. Try again later.`,
    { collection, attempts },
  );
}
