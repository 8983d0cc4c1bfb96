import { setTimeout as sleep } from 'node:timers/promises';
import type { Key } from '../../schema/collection.ts';
import { compareValues } from '../../schema/values/field-values.ts';
import { storeDamaged, storeFailed } from './failure.ts';
import { filterOf } from './filter.ts';
import { pages } from './pages.ts';
import type { Place } from './place.ts';
import { RequestFailure } from './request-failure.ts';
import { Damage, type Held, type Id, type Record_ } from './table.ts';
import { titleOf } from './title.ts';

/** Two records of one key may be two stores that make it at once, one of which takes its own back. */
const looksMax = 3;
const lookAgainMs = 50;

/**
 * The record of a key, or null. It is always asked for by its key: by an Id that is remembered, a second record of the
 * key, which others have made, would not be met.
 *
 * @throws CrossfadeError E_RECORD_DAMAGED for a key that two records have, or a record that cannot be read; E_STORE_FAILED
 */
export async function find(place: Place, key: Key): Promise<Held | null> {
  return reading(place, 'Nothing was read or written.', async () => {
    for (let look = 1; ; look++) {
      const found = await findAll(place, key);
      if (found.length <= 1) return found[0] ?? null;
      if (look === looksMax) throw duplicated(place, found);
      await sleep(lookAgainMs);
    }
  });
}

/** Every record of the key: one, unless NocoDB, which keeps no key unique, has got several. @throws RequestFailure, Damage */
export function findAll(place: Place, key: Key): Promise<readonly Held[]> {
  return findHaving(place, place.table.shape.key, key);
}

/** Every record that has these values in these fields. @throws RequestFailure, Damage */
export async function findHaving(place: Place, fields: readonly string[], values: Key): Promise<readonly Held[]> {
  const { requests, table } = place;
  const found: Held[] = [];
  for await (const page of pages(requests, table, { filter: filterOf(fields, values) }))
    for (const record of page)
      if (hasValues(place, record, fields, values)) found.push({ id: table.idOf(record), row: table.rowOf(record) });
  return found;
}

/** As many Ids as surely fit into a URL. */
const idsMax = 500;

/** The records that NocoDB has given these numbers, as far as they are there. @throws RequestFailure, Damage */
export async function findByIds({ requests, table }: Place, ids: readonly Id[]): Promise<Map<Id, Record_>> {
  const found = new Map<Id, Record_>();
  for (let at = 0; at < ids.length; at += idsMax) {
    const filter = `(${table.idTitle},in,${ids.slice(at, at + idsMax).join()})`;
    for await (const page of pages(requests, table, { filter }))
      for (const record of page) found.set(table.idOf(record), record);
  }
  return found;
}

/** Whether a record has these values. What is no value of the type is another one. @throws Damage where a column is gone */
function hasValues({ table }: Place, record: Record_, fields: readonly string[], values: Key): boolean {
  try {
    const own = table.rowOf(record, fields);
    return fields.every((field, i) => compareValues(own[field], values[i]) === 0);
  } catch (error) {
    if (error instanceof Damage && fields.every((field) => Object.hasOwn(record, titleOf(field)))) return false;
    throw error;
  }
}

/** The record that NocoDB has given this number, or null. @throws RequestFailure, Damage */
export async function findById({ requests, table }: Place, id: Id): Promise<Held | null> {
  for await (const [record] of pages(requests, table, { filter: `(${table.idTitle},eq,${id})` }))
    return { id: table.idOf(record), row: table.rowOf(record) };
  return null;
}

/** What went wrong while reading, in the words of the store. */
export async function reading<T>(place: Place, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RequestFailure) throw storeFailed(place.table.name, what, error);
    if (error instanceof Damage) throw storeDamaged(place.table.name, [error.id], error.message, what);
    throw error;
  }
}

function duplicated({ table }: Place, found: readonly Held[]): Error {
  const ids = found.map(({ id }) => id);
  return storeDamaged(table.name, ids, 'have one and the same key', 'Nothing was read or written.');
}
