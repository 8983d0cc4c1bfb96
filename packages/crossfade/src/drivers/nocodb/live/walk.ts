import type { Key, Row } from '../../../schema/collection.ts';
import { keyOf } from '../../../store/check-change.ts';
import { Table as Known } from '../../../store/tables/table.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { storeDamaged } from '../failure.ts';
import { pages } from '../pages.ts';
import type { Place } from '../place.ts';
import { Damage, type Id, type Record_ } from '../table.ts';
import { titleOf } from '../title.ts';

/** The keys of a collection, read through the whole table just now. How NocoDB's database orders text is its own affair. */
export interface Walk {
  /** The keys alone, in their order. */
  readonly known: Known;
  /** NocoDB's numbers of the records of a key: more than one is damage. */
  readonly idsOf: (key: Key) => readonly Id[];
  /** Records whose key cannot be read. */
  readonly unread: readonly Damage[];
}

/** @throws RequestFailure; Damage for an answer that is no record */
export async function walk({ requests, table }: Place): Promise<Walk> {
  const { fields, key } = table.shape;
  const known = new Known(table.name, { fields, key });
  const ids = new Map<string, Id[]>();
  const unread: Damage[] = [];
  const rowOf = (record: Record_): Row | null => {
    try {
      return table.rowOf(record, key);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      unread.push(error);
      return null;
    }
  };
  for await (const page of pages(requests, table, { filter: null, titles: key.map(titleOf) }))
    for (const record of page) {
      const row = rowOf(record);
      if (row === null) continue;
      const own = keyOf(table.shape, row);
      if (known.set(own, row) === undefined) ids.set(valuesText(own), [table.idOf(record)]);
      else ids.get(valuesText(own))?.push(table.idOf(record));
    }
  return { known, idsOf: (own) => ids.get(valuesText(own)) ?? [], unread };
}

/** A record whose key cannot be read, as an error. */
export function unreadError({ table }: Place, { id, message }: Damage, what: string): Error {
  return storeDamaged(table.name, [id], message, what);
}
