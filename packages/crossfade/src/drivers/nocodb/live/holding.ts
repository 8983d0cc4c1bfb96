import type { Key, Row } from '../../../schema/collection.ts';
import { keyOf } from '../../../store/check-change.ts';
import { recordText } from '../../../store/live/led.ts';
import type { Guarded, UnitPart } from '../../../store/live/mirror.ts';
import { type Holding, lastUnits, mayMove } from '../../../store/live/units.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { find, findHaving, reading } from '../find.ts';
import type { Place } from '../place.ts';
import type { Held } from '../table.ts';

/** What the base holds of units, as it was found just now. */
export interface Found extends Holding {
  /** The record that was found of a key; undefined where nobody has looked. */
  readonly held: (collection: string, key: Key) => Held | null | undefined;
}

/**
 * Looks for all that the units may touch: the records that belong to them, and those of the keys that they are given. The
 * two lists of a unit are short.
 *
 * @throws CrossfadeError E_RECORD_DAMAGED, E_STORE_FAILED
 */
export async function findUnits(placeOf: (collection: string) => Place, due: readonly Guarded[]): Promise<Found> {
  const known = new Map<string, Held | null>();
  const belonging = new Map<string, readonly Row[]>();
  for (const { parts, key: values } of lastUnits(due))
    for (const part of parts) {
      const { collection, by, rows } = part;
      const place = placeOf(collection);
      const { shape } = place.table;
      const found = await reading(place, 'Nothing was written.', () => findHaving(place, by, values));
      belonging.set(
        partText(part, values),
        found.map(({ row }) => row),
      );
      // By its key a record is asked for alone: two of one key are damage.
      const keys = [...found.map(({ row }) => row), ...(mayMove(part, shape) ? rows : [])].map((row) =>
        keyOf(shape, row),
      );
      for (const key of keys) known.set(recordText({ collection, key }), await find(place, key));
    }
  const held = (collection: string, key: Key): Held | null | undefined => known.get(recordText({ collection, key }));
  return {
    held,
    shape: (collection) => placeOf(collection).table.shape,
    belonging: (part, key) => belonging.get(partText(part, key)) ?? [],
    standing: ({ collection }, key) => held(collection, key)?.row ?? null,
  };
}

function partText({ collection, by }: UnitPart, key: Key): string {
  return JSON.stringify([collection, by, valuesText(key)]);
}
