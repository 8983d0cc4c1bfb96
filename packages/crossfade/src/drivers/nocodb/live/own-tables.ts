import { collections } from '../../../schema/collection.ts';
import { openTables } from '../open-tables.ts';
import type { Place } from '../place.ts';
import { Readings } from '../readings.ts';
import type { Requests } from '../requests.ts';
import type { Table } from '../table.ts';
import { Turns } from '../turns.ts';

/** What the mirror keeps in the base, beside the collections. */
const ownSchema = collections({
  crossfade_appliers: {
    fields: { applier: { type: 'text' }, epoch: { type: 'bigint' }, state: { type: 'text' } },
    key: ['applier'],
  },
  crossfade_guards: {
    fields: { name: { type: 'text' }, epoch: { type: 'bigint' }, version: { type: 'bigint' } },
    key: ['name'],
  },
});

/** The tables of the mirror. */
export interface OwnPlaces {
  /** One row a beginning of an epoch. */
  readonly appliers: Place;
  /** One row a record or unit that was mirrored; of two of one name the later one counts. */
  readonly guards: Place;
}

/** Looks for the tables of the mirror in the base, and makes them. @throws CrossfadeError E_TARGET_MISMATCH, E_STORE_FAILED */
export async function openOwnTables(requests: Requests, base: string): Promise<OwnPlaces> {
  const tables = await openTables(requests, base, ownSchema, 'create');
  const place = (name: keyof typeof ownSchema): Place => placeOf(requests, tables.get(name) as Table);
  return { appliers: place('crossfade_appliers'), guards: place('crossfade_guards') };
}

/** A table that nothing is known of yet. */
export function placeOf(requests: Requests, table: Table): Place {
  return { requests, table, turns: new Turns(), readings: new Readings() };
}
