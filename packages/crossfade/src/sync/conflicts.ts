import type { Key } from '../schema/collection.ts';
import type { Unit } from '../schema/mapping/mapping.ts';
import { partOf } from '../schema/mapping/unit.ts';
import { keyOf } from '../store/check-change.ts';
import { type RecordName, recordText } from '../store/live/led.ts';
import type { Mirrored } from '../store/live/mirror.ts';
import { followerSide, type Leg } from './leg.ts';
import { findWhere } from './read-unit.ts';

/**
 * The units whose records stand in the way of these at the follower: records that hold the same values in a unique set,
 * parents that are not there, and children of what is to go. The leader may long have moved them, where two records
 * exchange their values or a child arrives before its parent.
 */
export async function conflictsOf(leg: Leg, records: readonly Mirrored[]): Promise<Unit[]> {
  const found = new Map<string, RecordName>();
  for (const record of records)
    for (const look of [holders, parents, children])
      for (const other of await look(leg, record)) found.set(recordText(other), other);
  return [...found.values()].map(({ collection, key }) => {
    const { family } = partOf(leg.mapping, followerSide(leg), collection);
    return { family: family.name, key };
  });
}

/** Those that hold what a unique set allows once. */
async function holders(leg: Leg, { collection, row }: Mirrored): Promise<RecordName[]> {
  const shape = leg.mapping[followerSide(leg)][collection];
  const found: RecordName[] = [];
  for (const fields of row === null ? [] : (shape.unique ?? [])) {
    const values = valuesOf(row, fields);
    if (values === null) continue;
    const others = await findWhere(leg.follower, shape, collection, fields, values);
    found.push(...others.map((other) => ({ collection, key: keyOf(shape, other) })));
  }
  return found;
}

/** Records that it refers to and that are not there. */
async function parents(leg: Leg, { collection, row }: Mirrored): Promise<RecordName[]> {
  const found: RecordName[] = [];
  for (const { fields, to } of leg.mapping[followerSide(leg)][collection].references ?? []) {
    const key = valuesOf(row, fields);
    if (key !== null && (await leg.follower.read(to, key)) === null) found.push({ collection: to, key });
  }
  return found;
}

/** Records that refer to one that is to be removed. */
async function children(leg: Leg, { collection, key, row }: Mirrored): Promise<RecordName[]> {
  const found: RecordName[] = [];
  for (const [name, shape] of Object.entries(row === null ? leg.mapping[followerSide(leg)] : {}))
    for (const { fields } of (shape.references ?? []).filter(({ to }) => to === collection)) {
      const others = await findWhere(leg.follower, shape, name, fields, key);
      found.push(...others.map((other) => ({ collection: name, key: keyOf(shape, other) })));
    }
  return found;
}

/** The values of the fields; null where one of them is, since null equals nothing and refers to nothing. */
function valuesOf(row: Mirrored['row'], fields: readonly string[]): Key | null {
  const values = fields.map((field) => row?.[field] ?? null);
  return values.includes(null) ? null : values;
}
