import { createHash } from 'node:crypto';
import type { Key, Row } from '../collection.ts';
import type { Family, Side, Mapping, Part, Unit, UnitRecords } from './mapping.ts';

/** The family and the part that a collection of a side belongs to. @throws TypeError for a collection that is not mapped */
export function partOf(mapped: Mapping, side: Side, collection: string): { family: Family; part: Part } {
  for (const family of mapped.families)
    for (const part of family[side]) if (part.collection === collection) return { family, part };
  throw new TypeError(`The ${side} has no collection ${JSON.stringify(collection)} in the mapping.`);
}

/** The unit of a record, or null where a field that names it is null. */
export function unitOf(mapped: Mapping, side: Side, collection: string, record: Row): Unit | null {
  const { family, part } = partOf(mapped, side, collection);
  const key = part.by.map((field) => record[field]);
  return key.includes(null) ? null : { family: family.name, key };
}

/**
 * The unit of a record of which only the key is known, as a journal knows it. Null where the key does not say: then the
 * record tells, or, once it is removed, what the follower noted when it was there.
 */
export function unitOfKey(mapped: Mapping, side: Side, collection: string, key: Key): Unit | null {
  const { family, part } = partOf(mapped, side, collection);
  const { key: names } = mapped[side][collection];
  const values = part.by.map((field) => names.indexOf(field));
  return values.includes(-1) ? null : { family: family.name, key: values.map((at) => key[at]) };
}

/** The key of a record. */
export function keyOf(mapped: Mapping, side: Side, collection: string, record: Row): Key {
  return mapped[side][collection].key.map((field) => record[field]);
}

/** A family by its name. @throws TypeError */
export function familyOf(mapped: Mapping, { family: name }: Pick<Unit, 'family'>): Family {
  const found = mapped.families.find((family) => family.name === name);
  if (found === undefined) throw new TypeError(`The mapping has no family ${JSON.stringify(name)}.`);
  return found;
}

/** Whether there are no records. */
export function isEmpty(records: UnitRecords): boolean {
  return Object.values(records).every((rows) => rows.length === 0);
}

/**
 * What two processes must agree on before they write by the same mapping: collections, families, and the text of the
 * functions. The same release gives the same digest; another build of it may not. What a function calls is not seen.
 */
export function mappingHash(mapped: Mapping): string {
  const families = mapped.families.map(({ forward, backward, ...family }) => ({
    ...family,
    forward: forward.toString(),
    backward: backward.toString(),
  }));
  return createHash('sha256')
    .update(JSON.stringify({ ...mapped, families }))
    .digest('hex');
}
