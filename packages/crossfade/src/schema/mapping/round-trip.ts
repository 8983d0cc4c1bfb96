import type { Key, Row } from '../collection.ts';
import { equalKeys, equalValues } from '../values/equal.ts';
import { mapUnit } from './apply.ts';
import type { Lost, Mapping, Unit, UnitRecords } from './mapping.ts';
import { familyOf, keyOf } from './unit.ts';

/** Something of the source that does not come back the way it went. */
export interface Unreturned {
  readonly collection: string;
  readonly key: Key;
  readonly is: 'missing' | 'additional' | 'changed';
  /** The fields that came back with other values; none unless `is` is changed. */
  readonly fields: readonly string[];
}

/**
 * Sends a unit to the target's shape and back, and tells what the source would not have again after a rollback. What the
 * mapping declares as lost is not told. @throws CrossfadeError E_UNIT_UNMAPPED
 */
export function roundTrip(mapped: Mapping, unit: Unit, records: UnitRecords): Unreturned[] {
  const family = familyOf(mapped, unit);
  const back = mapUnit(mapped, 'target', unit, mapUnit(mapped, 'source', unit, records));
  const lost = family.lost ?? [];
  return family.source.flatMap(({ collection }) => {
    const keyed = (rows: readonly Row[]): [Key, Row][] =>
      rows.map((row) => [keyOf(mapped, 'source', collection, row), row]);
    const declared = lost.filter((each) => each.collection === collection);
    return compare(collection, keyed(records[collection] ?? []), keyed(back[collection] ?? []), declared);
  });
}

function compare(
  collection: string,
  before: readonly [Key, Row][],
  after: readonly [Key, Row][],
  declared: readonly Lost[],
): Unreturned[] {
  const losesRecords = declared.some(({ field }) => field === null);
  const losesField = (field: string): boolean => declared.some((each) => each.field === field);
  const find = (rows: readonly [Key, Row][], key: Key) => rows.find(([other]) => equalKeys(other, key))?.[1];
  const found: Unreturned[] = [];
  for (const [key, row] of before) {
    const again = find(after, key);
    if (again === undefined) {
      if (!losesRecords) found.push({ collection, key, is: 'missing', fields: [] });
      continue;
    }
    const fields = Object.keys(row).filter(
      (field) => !losesField(field) && !(Object.hasOwn(again, field) && equalValues(row[field], again[field])),
    );
    if (fields.length > 0) found.push({ collection, key, is: 'changed', fields });
  }
  for (const [key] of after)
    if (find(before, key) === undefined) found.push({ collection, key, is: 'additional', fields: [] });
  return found;
}
