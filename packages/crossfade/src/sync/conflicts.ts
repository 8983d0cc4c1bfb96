import type { Key, Row } from '../schema/collection.ts';
import type { Unit } from '../schema/mapping/mapping.ts';
import { unitOf, unitOfKey } from '../schema/mapping/unit.ts';
import { keyOf } from '../store/check-change.ts';
import type { Guarded, Mirrored } from '../store/live/mirror.ts';
import { followerSide, type Leg } from './leg.ts';
import { findWhere } from './read-unit.ts';

/**
 * The units whose records stand in the way of these at the follower: records that hold the same values in a unique set,
 * or a key that is to pass to another unit, parents that are not there, and children of what is to go. The leader may long
 * have moved them, where two records exchange their values or a child arrives before its parent.
 */
export async function conflictsOf(leg: Leg, given: readonly Guarded[]): Promise<Unit[]> {
  const found: (Unit | null)[] = [];
  for (const each of given)
    for (const record of await recordsOf(leg, each))
      for (const look of [holders, parents, children]) found.push(...(await look(leg, record)));
  return found.filter((unit) => unit !== null);
}

/** A record as it is given, or those of a unit: what it is to hold, and what of it is to go. */
async function recordsOf(leg: Leg, given: Guarded): Promise<Mirrored[]> {
  if (!('parts' in given)) return [given];
  const { key: values, parts, version } = given;
  const records: Mirrored[] = [];
  for (const { collection, by, rows } of parts) {
    const shape = leg.mapping[followerSide(leg)][collection];
    const held = await findWhere(leg.follower, shape, collection, by, values);
    records.push(...held.map((row) => ({ collection, key: keyOf(shape, row), row: null, version })));
    records.push(...rows.map((row) => ({ collection, key: keyOf(shape, row), row, version })));
  }
  return records;
}

/** Those that hold what a unique set or the key allows once. */
async function holders(leg: Leg, { collection, row }: Mirrored): Promise<(Unit | null)[]> {
  const to = followerSide(leg);
  const shape = leg.mapping[to][collection];
  const found: Row[] = [];
  for (const fields of row === null ? [] : [shape.key, ...(shape.unique ?? [])]) {
    const values = valuesOf(row, fields);
    if (values !== null) found.push(...(await findWhere(leg.follower, shape, collection, fields, values)));
  }
  return found.map((other) => unitOf(leg.mapping, to, collection, other));
}

/** Records that it refers to and that are not there. */
async function parents(leg: Leg, { collection, row }: Mirrored): Promise<(Unit | null)[]> {
  const side = followerSide(leg);
  const found: (Unit | null)[] = [];
  for (const { fields, to } of leg.mapping[side][collection].references ?? []) {
    const key = valuesOf(row, fields);
    if (key !== null && (await leg.follower.read(to, key)) === null) found.push(unitOfKey(leg.mapping, side, to, key));
  }
  return found;
}

/** Records that refer to one that is to be removed. */
async function children(leg: Leg, { collection, key, row }: Mirrored): Promise<(Unit | null)[]> {
  const side = followerSide(leg);
  const found: (Unit | null)[] = [];
  for (const [name, shape] of Object.entries(row === null ? leg.mapping[side] : {}))
    for (const { fields } of (shape.references ?? []).filter(({ to }) => to === collection)) {
      const others = await findWhere(leg.follower, shape, name, fields, key);
      found.push(...others.map((other) => unitOf(leg.mapping, side, name, other)));
    }
  return found;
}

/** The values of the fields; null where one of them is, since null equals nothing and refers to nothing. */
function valuesOf(row: Mirrored['row'], fields: readonly string[]): Key | null {
  const values = fields.map((field) => row?.[field] ?? null);
  return values.includes(null) ? null : values;
}
