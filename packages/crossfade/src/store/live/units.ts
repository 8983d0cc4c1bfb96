import type { Collection, Key, Row } from '../../schema/collection.ts';
import { equalKeys } from '../../schema/values/equal.ts';
import { keyOf } from '../check-change.ts';
import { refusal } from '../refusal.ts';
import type { Table } from '../tables/table.ts';
import { valuesText } from '../tables/values-text.ts';
import { recordText, type RecordName } from './led.ts';
import type { Guarded, Mirrored, MirroredUnit, UnitPart } from './mirror.ts';

/** Several records, or a single one. */
export function isUnit(given: Guarded): given is MirroredUnit {
  return 'parts' in given;
}

/** Where a guard is noted: with the collection of the record, or the first one of the unit. */
export function nameOf(given: Guarded): RecordName {
  return { collection: isUnit(given) ? given.parts[0].collection : given.collection, key: given.key };
}

/** What a store holds of units, while nobody else writes. */
export interface Holding {
  readonly shape: (collection: string) => Collection;
  /** The records that belong to a unit of this key now. */
  readonly belonging: (part: UnitPart, key: Key) => readonly Row[];
  /** The record of a key, of which the fields that name its unit are looked at. */
  readonly standing: (part: UnitPart, key: Key) => Row | null;
}

/** What a store holds of units in memory. */
export function holdingOf(table: (collection: string) => Table): Holding {
  return {
    shape: (collection) => table(collection).shape,
    belonging: ({ collection, by }, key) => table(collection).withValues(by, key),
    standing: ({ collection }, key) => table(collection).get(key) ?? null,
  };
}

/** Whether the record of a key may pass from unit to unit: the key does not say to which one it belongs. */
export function mayMove({ by }: Pick<UnitPart, 'by'>, { key }: Collection): boolean {
  return by.some((field) => !key.includes(field));
}

/** The units among these, each as it was given last. */
export function lastUnits(given: readonly Guarded[]): MirroredUnit[] {
  return [...new Map(given.filter(isUnit).map((unit) => [unitText(unit), unit])).values()];
}

/**
 * The records that make the store hold each unit exactly as it was given last; what is given as a record is left as it is.
 *
 * @param due what its guards let through
 * @throws CrossfadeError E_UNIQUE for a record that two units have, or that belongs to one that is not among them
 * @throws TypeError for a record of another unit
 */
export function recordsOf(due: readonly Guarded[], holding: Holding): readonly Mirrored[] {
  const units = lastUnits(due);
  if (units.length === 0) return due as readonly Mirrored[];
  const putsByUnit = new Map(units.map((unit) => [unit, putsOf(unit, holding)]));
  const puts = [...putsByUnit.values()].flat();
  const staying = new Set(puts.map(({ record }) => recordText(record)));
  if (staying.size < puts.length) throw refusal('E_UNIQUE', units[0].parts[0].collection, 'two records have one key');
  refuseStrays(units, puts, holding);
  return due.flatMap((given): Mirrored[] => {
    if (!isUnit(given)) return [given];
    const made = putsByUnit.get(given);
    if (made === undefined) return [];
    const removals = removalsOf(given, holding).filter((record) => !staying.has(recordText(record)));
    return [...made.map(({ record }) => record), ...removals];
  });
}

/** A record that a unit is to have. */
interface UnitPut {
  readonly part: UnitPart;
  readonly record: Mirrored;
}

function putsOf(unit: MirroredUnit, { shape }: Holding): UnitPut[] {
  const { key: values, version } = unit;
  return unit.parts.flatMap((part) =>
    part.rows.map((row): UnitPut => {
      const { collection, by } = part;
      if (!equalKeys(valuesOf(row, by), values))
        throw new TypeError(
          `A record of ${collection} was given with a unit of ${unit.unit} that it does not belong to.`,
        );
      return { part, record: { collection, key: keyOf(shape(collection), row), row, version } };
    }),
  );
}

/** Whoever takes a record out of a unit has to write that one too: its own writers owe nothing for it. */
function refuseStrays(units: readonly MirroredUnit[], puts: readonly UnitPut[], { shape, standing }: Holding): void {
  const given = new Set(units.flatMap(({ parts, key }) => parts.map((part) => partText(part, key))));
  for (const { part, record } of puts) {
    if (!mayMove(part, shape(part.collection))) continue;
    const before = standing(part, record.key);
    if (before !== null && !given.has(partText(part, valuesOf(before, part.by))))
      throw refusal('E_UNIQUE', part.collection, 'a record of the key belongs to a unit that was not given');
  }
}

function removalsOf({ parts, key, version }: MirroredUnit, { shape, belonging }: Holding): Mirrored[] {
  return parts.flatMap((part) =>
    belonging(part, key).map((row): Mirrored => {
      const { collection } = part;
      return { collection, key: keyOf(shape(collection), row), row: null, version };
    }),
  );
}

function unitText(unit: MirroredUnit): string {
  return JSON.stringify([unit.unit, recordText(nameOf(unit))]);
}

function partText({ collection, by }: UnitPart, key: Key): string {
  return JSON.stringify([collection, by, valuesText(key)]);
}

function valuesOf(row: Row, fields: readonly string[]): Key {
  return fields.map((field) => row[field]);
}
