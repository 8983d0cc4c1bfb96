import type { Key, Row } from '../../schema/collection.ts';
import { outcomeUnknown, storeFailed } from './failure.ts';
import { findAll } from './find.ts';
import type { Place } from './place.ts';
import { RequestFailure } from './request-failure.ts';
import { Damage, type Held, type Table } from './table.ts';

/** Thrown where somebody else was quicker: the change is to begin anew with what is there now. Nothing of it was done. */
export class Overtaken extends Error {}

/** A write of one record, and what stands there before and after it; null for no record. */
export interface Sent {
  readonly key: Key;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly send: () => Promise<unknown>;
}

/**
 * Sends a write, and looks what became of it where the answer is no success: NocoDB has answered 4xx to writes that it
 * had made. What is there as it was wanted was done. What is there as it was before is a refusal only if the server had
 * finished with the request; else it may be done yet.
 *
 * @throws CrossfadeError E_STORE_FAILED, E_STORE_BUSY: nothing was done; E_OUTCOME_UNKNOWN. Overtaken
 */
export async function settled(place: Place, { key, before, after, send }: Sent): Promise<void> {
  const { table } = place;
  try {
    await send();
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    if (error.effect === 'none') throw storeFailed(table.name, 'Nothing was written.', error);
    if (before !== null && isGone(error)) throw new Overtaken();
    const found = await findAll(place, key).catch(() => null);
    if (isThere(table, found, after)) return;
    if (error.isFinal && isThere(table, found, before)) throw storeFailed(table.name, 'Nothing was written.', error);
    throw unsure(place, error);
  }
}

/** The error for a write of which nobody knows what became; what scans went by is known no longer. */
export function unsure(place: Place, failure: RequestFailure): Error {
  place.readings.forget();
  return outcomeUnknown(place.table.name, failure);
}

/** Why it cannot be said whether the record stands there as it was written. */
export function reasonOf(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  if (error instanceof Damage) return new RequestFailure(null, 'FOUND_OTHERWISE', 'unknown');
  throw error;
}

/** The server looked for the record that was to be changed, and there is none. Another 404 says nothing of the kind. */
export function isGone({ status, reason }: RequestFailure): boolean {
  return status === 404 && reason.endsWith('RECORD_NOT_FOUND');
}

function isThere(table: Table, found: readonly Held[] | null, row: Row | null): boolean {
  if (row === null) return found?.length === 0;
  return found?.length === 1 && sameRow(table, found[0].row, row);
}

/** Equal values have equal cells, since each has one form. */
export function sameRow(table: Table, a: Row, b: Row): boolean {
  const [x, y] = [table.cellsOf(a), table.cellsOf(b)];
  return Object.keys(x).every((name) => x[name] === y[name]);
}
