import type { Collections, Key, Row } from '../collection.ts';

/**
 * How the records of a source become those of PostgreSQL and back again, as data and pure functions. The two sides may
 * differ in names, types and number of records: several records of the source become one, one becomes several.
 */
export interface Mapping {
  readonly source: Collections;
  readonly target: Collections;
  /** Each collection of either side is part of exactly one family. */
  readonly families: readonly Family[];
}

/** Which side of a crossing. It never changes, whoever leads; the target is PostgreSQL. */
export type Side = 'source' | 'target';

/**
 * Units of one make. A unit is the smallest set of records that move together, and is named by values that all of its
 * records hold: a session and its participants by the session's id. Journal, locks, comparison and repair speak of units.
 */
export interface Family {
  readonly name: string;
  readonly source: readonly Part[];
  readonly target: readonly Part[];
  /**
   * The target's records of a unit, from all of the source's; none when it has none. Without effects, and without a
   * clock: the same records give the same records. Throws where they cannot be mapped, which withholds the unit.
   */
  readonly forward: (records: UnitRecords) => UnitRecords;
  /** The source's records of a unit, from all of the target's: what a rollback brings home. */
  readonly backward: (records: UnitRecords) => UnitRecords;
  /** The text of the functions behind these two, where they are wrappers: releases are told apart by it. */
  readonly texts?: readonly string[];
  /** What does not come home by a rollback. */
  readonly lost?: readonly Lost[];
}

/** What the way to the target and back does not keep of the source, declared for an operator to read. */
export interface Lost {
  /** A collection of the source. */
  readonly collection: string;
  /** One of its fields, or null for whole records. */
  readonly field: string | null;
  readonly why: string;
}

/** The records of one collection that belong to units of a family. */
export interface Part {
  readonly collection: string;
  /** The fields that name the unit: the key, its first fields, a unique set or an index, so that they find the records. */
  readonly by: readonly string[];
}

/** The records of a unit on one side, by collection; one that is not named has none. */
export type UnitRecords = Readonly<Record<string, readonly Row[]>>;

/** The name of a unit. */
export interface Unit {
  readonly family: string;
  /** The values of the fields of `by`. */
  readonly key: Key;
}
