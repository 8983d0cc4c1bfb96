import { CrossfadeError } from '../../core/errors.ts';
import type { Row } from '../collection.ts';
import { equalKeys } from '../values/equal.ts';
import type { Side, Mapping, Unit, UnitRecords } from './mapping.ts';
import { familyOf, unitOf } from './unit.ts';

/**
 * The records of a unit on the other side. The functions of a mapping are the application's: what they throw and what
 * they answer is looked at here, and no value of theirs is repeated.
 *
 * @param from the side whose records are given
 * @throws CrossfadeError E_UNIT_UNMAPPED when the mapping throws, or answers records of another unit or collection
 */
export function mapUnit(mapped: Mapping, from: Side, unit: Unit, records: UnitRecords): UnitRecords {
  const family = familyOf(mapped, unit);
  const [to, map] = from === 'source' ? (['target', family.forward] as const) : (['source', family.backward] as const);
  const parts = family[to].map(({ collection }) => collection);
  const answer = called(unit, () => listed(map(records)));
  for (const [collection, rows] of answer) {
    if (!parts.includes(collection)) throw unmapped(unit, 'answers records of another family');
    const strays = rows.some((row) => !equalKeys(unitOf(mapped, to, collection, row)?.key ?? [], unit.key));
    if (strays) throw unmapped(unit, 'answers a record that belongs to another unit');
  }
  const found = new Map(answer);
  return Object.fromEntries(parts.map((collection) => [collection, found.get(collection) ?? []]));
}

/** The collections that have records. @throws TypeError for an answer of another shape */
function listed(answer: UnitRecords): [string, readonly Row[]][] {
  for (const rows of Object.values(answer))
    if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'object' || row === null))
      throw new TypeError('lists of records are what a mapping answers');
  return Object.entries(answer).filter(([, rows]) => rows.length > 0);
}

function called<T>(unit: Unit, map: () => T): T {
  try {
    return map();
  } catch (error) {
    // Its name and not its message, which may hold a value.
    throw unmapped(unit, `cannot map it (${error instanceof Error ? error.name : typeof error})`, error);
  }
}

function unmapped({ family }: Unit, what: string, cause?: unknown): CrossfadeError {
  return new CrossfadeError(
    'E_UNIT_UNMAPPED',
    `The mapping of the family ${family} ${what}. The unit was not written to the other store. Mend the mapping or the records of the unit.`,
    { family },
    cause === undefined ? {} : { cause },
  );
}
