import { CrossfadeError, type ErrorCode, type Facts } from '../core/errors.ts';
import { mapUnit } from '../schema/mapping/apply.ts';
import type { Row } from '../schema/collection.ts';
import type { Unit, UnitRecords } from '../schema/mapping/mapping.ts';
import { familyOf, isEmpty } from '../schema/mapping/unit.ts';
import { CollectionCheck, keyOf } from '../store/check-change.ts';
import type { Guarded, UnitPart } from '../store/live/mirror.ts';
import { valuesText } from '../store/tables/values-text.ts';
import { followerSide, isSingle, type Leg, onlyPart } from './leg.ts';
import { readUnit } from './read-unit.ts';

/** Why a unit is quarantined: by the mapping, the follower's schema, what else it holds, its place, or damage. */
export type Reason = 'unmapped' | 'unfit' | 'conflict' | 'refused' | 'damaged';

/** A unit in quarantine: it is not in step, its entries stay in the journal, and every round tries it again. */
export interface Refused {
  readonly unit: Unit;
  readonly code: ErrorCode;
  readonly reason: Reason;
  /** Names, numbers and digests, no text of the record. */
  readonly facts: Facts;
}

/** What the follower is to hold of a unit, by a reading of the leader that begins now. @throws CrossfadeError E_UNIT_UNMAPPED, E_ROW_INVALID, E_KEY_INVALID, and those of the leader */
export async function wanted(leg: Leg, unit: Unit, version: bigint): Promise<Guarded> {
  const { mapping, from, leader } = leg;
  let records = await readUnit(leader, mapping, from, unit);
  // What is not there is removed from the follower, so a second reading has to agree.
  if (isEmpty(records)) records = await readUnit(leader, mapping, from, unit);
  const family = familyOf(mapping, unit);
  const to = followerSide(leg);
  if (!isSingle(mapping, to, family))
    return { unit: family.name, key: unit.key, parts: mappedParts(leg, unit, records), version };
  const { collection } = onlyPart(family, to);
  return { collection, key: unit.key, row: isEmpty(records) ? null : mappedRow(leg, unit, records), version };
}

/** The follower's record of a unit, from the leader's; null where the mapping says that there is none. @throws CrossfadeError E_UNIT_UNMAPPED, E_ROW_INVALID, E_KEY_INVALID */
export function mappedRow(leg: Leg, unit: Unit, records: UnitRecords): Row | null {
  const { mapping, from } = leg;
  const to = followerSide(leg);
  const { collection } = onlyPart(familyOf(mapping, unit), to);
  const rows = mapUnit(mapping, from, unit, records)[collection];
  if (rows.length === 0) return null;
  if (rows.length === 1) return new CollectionCheck(collection, mapping[to][collection]).row(rows[0], unit.key);
  throw severalOfOneKey(unit);
}

/** Whether the leader has nothing that the follower is to hold. */
export function isGone(given: Guarded): boolean {
  return 'parts' in given ? given.parts.every(({ rows }) => rows.length === 0) : given.row === null;
}

/** The follower's records of a unit of several. */
function mappedParts(leg: Leg, unit: Unit, records: UnitRecords): UnitPart[] {
  const { mapping, from } = leg;
  const to = followerSide(leg);
  const mapped = isEmpty(records) ? {} : mapUnit(mapping, from, unit, records);
  return familyOf(mapping, unit)[to].map(({ collection, by }) => {
    const shape = mapping[to][collection];
    const check = new CollectionCheck(collection, shape);
    const rows = (mapped[collection] ?? []).map((row) => check.row(row));
    if (new Set(rows.map((row) => valuesText(keyOf(shape, row)))).size < rows.length) throw severalOfOneKey(unit);
    return { collection, by, rows };
  });
}

function severalOfOneKey({ family }: Unit): CrossfadeError {
  return new CrossfadeError(
    'E_UNIT_UNMAPPED',
    `The mapping of the family ${family} answers several records of one key. The unit was not written to the other store. Mend the mapping.`,
    { family },
  );
}

/** Refusals that are about a unit and not about its store: others are passed on, and nothing is cleared. */
const reasons: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  E_UNIT_UNMAPPED: 'unmapped',
  E_ROW_INVALID: 'unfit',
  E_KEY_INVALID: 'unfit',
  E_UNIQUE: 'conflict',
  E_REFERENCE: 'conflict',
  E_RECORD_REFUSED: 'refused',
  E_RECORD_DAMAGED: 'damaged',
};

/** Why an error puts a unit into quarantine; null for one that is not about units. */
export function reasonOf(error: unknown): Reason | null {
  return error instanceof CrossfadeError ? (reasons[error.code] ?? null) : null;
}

/** The refusal that an error is. @throws the error where it is none */
export function refusedBy(unit: Unit, error: unknown): Refused {
  const reason = reasonOf(error);
  if (reason === null) throw error;
  const { code, facts } = error as CrossfadeError;
  return { unit, code, reason, facts };
}
