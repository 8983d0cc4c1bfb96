import type { Collections, Row } from '../collection.ts';
import { faultOf } from './fault.ts';
import type { Family, Lost, Mapping, UnitRecords } from './mapping.ts';

/** Declares a mapping. @throws TypeError for one that contradicts its collections or itself */
export function mapping(given: Mapping): Mapping {
  const fault = faultOf(given);
  if (fault !== null) throw new TypeError(`The mapping ${fault}.`);
  return given;
}

/** The mapping of a side to its own shape: each record is a unit, named by its key. */
export function identity(schema: Collections): Mapping {
  const families = Object.entries(schema).map(([name, { key }]): Family => {
    const parts = [{ collection: name, by: key }];
    return { name, source: parts, target: parts, forward: same, backward: same };
  });
  return { source: schema, target: schema, families };
}

/** A collection whose records are units of their own and differ in names or values alone. */
export interface Renaming {
  readonly source: string;
  readonly target: string;
  /** The fields of the key on either side, in one order: their values are the same on both. */
  readonly key: { readonly source: readonly string[]; readonly target: readonly string[] };
  readonly forward: (record: Row) => Row;
  readonly backward: (record: Row) => Row;
  readonly lost?: readonly Lost[];
}

/** A family whose units have one record on either side. */
export function oneToOne({ source, target, key, forward, backward, lost = [] }: Renaming): Family {
  const each =
    (from: string, to: string, map: (record: Row) => Row) =>
    (records: UnitRecords): UnitRecords => ({ [to]: (records[from] ?? []).map(map) });
  return {
    name: target,
    source: [{ collection: source, by: key.source }],
    target: [{ collection: target, by: key.target }],
    forward: each(source, target, forward),
    backward: each(target, source, backward),
    texts: [String(forward), String(backward)],
    lost,
  };
}

function same(records: UnitRecords): UnitRecords {
  return records;
}
