import type { Row } from '../schema/collection.ts';
import type { Unit } from '../schema/mapping/mapping.ts';
import { equalRows } from '../schema/values/equal.ts';
import { keyOf } from '../store/check-change.ts';
import type { Guarded, UnitPart } from '../store/live/mirror.ts';
import { valuesText } from '../store/tables/values-text.ts';
import { followerSide, type Leg } from './leg.ts';
import { readUnit } from './read-unit.ts';
import { refusedBy, wanted } from './wanted.ts';

/** Units that are read side by side. */
const readers = 16;

/**
 * Those of some units of which the follower holds something else than the leader says; what cannot be read or mapped is
 * among them. For a moment in which nobody writes: the journal is not asked.
 *
 * @throws CrossfadeError those of either store
 */
export async function compareUnits(leg: Leg, units: readonly Unit[]): Promise<readonly Unit[]> {
  const different: Unit[] = [];
  for (let from = 0; from < units.length; from += readers) {
    const some = units.slice(from, from + readers);
    const equal = await Promise.all(some.map((unit) => isEqual(leg, unit)));
    different.push(...some.filter((_, i) => !equal[i]));
  }
  return different;
}

async function isEqual(leg: Leg, unit: Unit): Promise<boolean> {
  try {
    const expected = partsOf(await wanted(leg, unit, 0n));
    const held = await readUnit(leg.follower, leg.mapping, followerSide(leg), unit);
    return expected.every(({ collection, rows }) => {
      const shape = leg.mapping[followerSide(leg)][collection];
      const byKey = (records: readonly Row[]): Map<string, Row> =>
        new Map(records.map((row) => [valuesText(keyOf(shape, row)), row]));
      const [there, said] = [byKey(held[collection] ?? []), byKey(rows)];
      return there.size === said.size && [...said].every(([key, row]) => isRow(row, there.get(key)));
    });
  } catch (error) {
    refusedBy(unit, error);
    return false;
  }
}

function isRow(row: Row, held: Row | undefined): boolean {
  return held !== undefined && equalRows(row, held);
}

function partsOf(given: Guarded): readonly Pick<UnitPart, 'collection' | 'rows'>[] {
  if ('parts' in given) return given.parts;
  return [{ collection: given.collection, rows: given.row === null ? [] : [given.row] }];
}
