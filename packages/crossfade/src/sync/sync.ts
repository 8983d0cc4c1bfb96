import { CrossfadeError } from '../core/errors.ts';
import type { Unit } from '../schema/mapping/mapping.ts';
import type { Guarded } from '../store/live/mirror.ts';
import { valuesText } from '../store/tables/values-text.ts';
import { conflictsOf } from './conflicts.ts';
import type { Leg } from './leg.ts';
import { isGone, reasonOf, type Refused, refusedBy, wanted } from './wanted.ts';

/** What became of the units of a call. */
export interface Synced {
  /** Records, or units of several, that the follower took; what it had already by a later reading of the leader does not count. */
  readonly written: number;
  /** Units of which the leader has a record, and the follower the same by now. */
  readonly held: number;
  /** Units of which neither has a record any more, also those that were in the way of others. */
  readonly gone: number;
  /** Units in quarantine: the stores are not equal while there is one. */
  readonly refused: readonly Refused[];
}

/** What a call may do. */
export interface SyncOptions {
  /** Units that may be gone: a leader that has lost its records, or shows none, is no reason to remove them all. */
  readonly removalsMax: number;
}

/** Records of one call of the follower. */
const recordsPerCall = 500;
/** Units that are read side by side. */
const readers = 16;
/** Units that are written together because they are in each other's way. Beyond that the follower is another store than the leader's copy. */
const groupMax = 64;

/**
 * Makes the follower's records of these units equal to the leader's, whatever they are by now. Everything that keeps two
 * stores in step is this call: writes in dual-write, what is owed, repair, and the mirror after the lead has passed.
 *
 * A stamp is drawn, then the leader is read, then the follower notes the stamp with each record, and passes over what
 * comes with an earlier one. Whoever draws a later stamp reads later than all that an earlier caller had seen owed before
 * its own, so what is passed over is made up for, and may be cleared. A number that the leader gave to a write would not
 * do: a write with an earlier number may land, or be committed, after one with a later number was read.
 *
 * An epoch that is over writes nothing: a call may be repeated, and may come late. One unit that the mapping or the
 * follower refuses, or that cannot be read, does not keep others from it; a store that fails does.
 *
 * @throws CrossfadeError E_FENCED when the epoch is over; E_MASS_REMOVAL before anything is written; those of either store
 * where it fails, and what was written until then is written
 */
export async function sync(leg: Leg, units: readonly Unit[], { removalsMax }: SyncOptions): Promise<Synced> {
  const version = await leg.stamp();
  const { ready, refused } = await readAll(leg, units, version);
  const gone = ready.filter(({ record }) => isGone(record)).length;
  if (gone > removalsMax) throw massRemoval(leg, gone, removalsMax);
  const allowance = { left: removalsMax - gone };
  let written = 0;
  for (let from = 0; from < ready.length; from += recordsPerCall) {
    const applied = await apply(leg, ready.slice(from, from + recordsPerCall), allowance);
    written += applied.written;
    refused.push(...applied.refused);
  }
  const quarantined = new Set(refused.map(({ unit }) => unitText(unit)));
  const equal = ready.filter(({ unit }) => !quarantined.has(unitText(unit)));
  const held = equal.filter(({ record }) => !isGone(record)).length;
  const goneBeside = removalsMax - gone - allowance.left;
  return { written, held, gone: equal.length - held + goneBeside, refused };
}

/** A unit as one string, different for different units. */
export function unitText({ family, key }: Unit): string {
  return `${family}\0${valuesText(key)}`;
}

/** A unit, and what the follower is to hold of it. */
interface Pair {
  readonly unit: Unit;
  readonly record: Guarded;
}

/** Units that may still be gone, of those that are met in the way of others. */
interface Allowance {
  left: number;
}

/** What became of some of them. */
type Applied = Pick<Synced, 'written' | 'refused'>;

async function readAll(
  leg: Leg,
  units: readonly Unit[],
  version: bigint,
): Promise<{ ready: Pair[]; refused: Refused[] }> {
  const ready: Pair[] = [];
  const refused: Refused[] = [];
  for (let from = 0; from < units.length; from += readers) {
    const some = units.slice(from, from + readers);
    const read = await Promise.all(
      some.map((unit) => wanted(leg, unit, version).catch((error: unknown) => refusedBy(unit, error))),
    );
    read.forEach((found, i) => ('code' in found ? refused.push(found) : ready.push({ unit: some[i], record: found })));
  }
  return { ready, refused };
}

/** A refusal is about one of many: halving finds it, and lets the others through. */
async function apply(leg: Leg, pairs: readonly Pair[], allowance: Allowance): Promise<Applied> {
  try {
    return { written: await call(leg, pairs), refused: [] };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    if (pairs.length === 1)
      return reason === 'conflict'
        ? applyTogether(leg, pairs[0], error, allowance)
        : { written: 0, refused: [refusedBy(pairs[0].unit, error)] };
    const middle = pairs.length >> 1;
    const halves = [
      await apply(leg, pairs.slice(0, middle), allowance),
      await apply(leg, pairs.slice(middle), allowance),
    ];
    return {
      written: halves[0].written + halves[1].written,
      refused: halves.flatMap(({ refused }) => refused),
    };
  }
}

/** Writes a unit with all those that stand in its way, as the leader has them by now; for as long as there are more. */
async function applyTogether(leg: Leg, pair: Pair, refusal: unknown, allowance: Allowance): Promise<Applied> {
  const group = new Map([[unitText(pair.unit), pair]]);
  const refused = (error: unknown): Applied => ({ written: 0, refused: [refusedBy(pair.unit, error)] });
  for (let error = refusal; ; ) {
    const before = group.size;
    const records = [...group.values()].map(({ record }) => record);
    // What the follower itself cannot read is in the way for as long as it is not mended.
    const found = await conflictsOf(leg, records).catch((damage: unknown) => refused(damage));
    if ('refused' in found) return found;
    for (const unit of found) {
      if (group.has(unitText(unit))) continue;
      const record = await wanted(leg, unit, pair.record.version).catch((unreadable: unknown) =>
        refusedBy(unit, unreadable),
      );
      if ('code' in record) return refused(error);
      group.set(unitText(unit), { unit, record });
    }
    const beside = [...group.values()].filter((each) => each !== pair && isGone(each.record)).length;
    if (group.size === before || group.size > groupMax || beside > allowance.left) return refused(error);
    try {
      const written = await call(leg, [...group.values()]);
      allowance.left -= beside;
      return { written, refused: [] };
    } catch (again) {
      if (reasonOf(again) !== 'conflict') return refused(again);
      error = again;
    }
  }
}

function call({ follower, epoch }: Leg, pairs: readonly Pair[]): Promise<number> {
  return pairs.length === 0
    ? Promise.resolve(0)
    : follower.mirror.apply(
        epoch,
        pairs.map(({ record }) => record),
      );
}

/** @param removals as many as are not there any more */
export function massRemoval({ leader }: Leg, removals: number, removalsMax: number): CrossfadeError {
  return new CrossfadeError(
    'E_MASS_REMOVAL',
    `${removals} records are not there any more in ${leader.name}, and ${removalsMax} may be removed from the other store at a time. Nothing was written. See whether ${leader.name} is whole; if it is, allow more.`,
    { store: leader.name, removals, removalsMax },
  );
}
