import type { Key, Row } from '../../schema/collection.ts';
import { findAll } from './find.ts';
import type { Place } from './place.ts';
import { RequestFailure } from './request-failure.ts';
import { isGone, Overtaken, reasonOf, sameRow, settled, unsure } from './settle.ts';
import type { Held, Id, Record_ } from './table.ts';

/**
 * Makes a record and looks whether it stands there whole, and alone of its key: NocoDB keeps no key unique, and drops
 * without a word what it has no column for.
 *
 * Of two that make one key at once, each looks after it has written, so at least one of them sees the other. Whoever does
 * takes its own back and begins anew: no two are both told that theirs is there.
 *
 * @throws CrossfadeError, Overtaken
 */
export async function create(place: Place, key: Key, row: Row): Promise<Held> {
  const { requests, table } = place;
  const made: { id: Id | null } = { id: null };
  const send = async (): Promise<void> => {
    const { body } = await requests.write('POST', table.path, table.cellsOf(row));
    made.id = numberOf(place, body);
  };
  await settled(place, { key, before: null, after: row, send });
  // Without the number of the answer nobody knows whose the record is that stands there, equal as it may be.
  if (made.id === null) throw unsure(place, new RequestFailure(null, 'ANSWER_LOST', 'unknown'));
  const found = await findAll(place, key).catch((error: unknown) => error);
  if (!isList(found)) throw unsure(place, reasonOf(found));
  const own = found.find(({ id }) => id === made.id);
  if (own === undefined) throw unsure(place, new RequestFailure(null, 'NOT_FOUND', 'unknown'));
  if (found.length > 1) {
    await takeBack(place, own);
    throw new Overtaken();
  }
  if (!sameRow(table, own.row, row)) throw unsure(place, new RequestFailure(null, 'FOUND_OTHERWISE', 'unknown'));
  return own;
}

/** The number that NocoDB gave; an answer without one is no answer. */
function numberOf({ table }: Place, body: unknown): Id {
  const record = (Array.isArray(body) ? body[0] : body) as Record_ | null;
  const id = record?.[table.idTitle];
  if (typeof id === 'number') return id;
  throw new RequestFailure(null, 'NO_ID', 'unknown');
}

async function takeBack(place: Place, { id }: Held): Promise<void> {
  const { requests, table } = place;
  try {
    await requests.write('DELETE', table.path, { [table.idTitle]: id });
  } catch (error) {
    if (error instanceof RequestFailure && isGone(error)) return;
    throw unsure(place, reasonOf(error));
  }
}

function isList(found: unknown): found is readonly Held[] {
  return Array.isArray(found);
}
