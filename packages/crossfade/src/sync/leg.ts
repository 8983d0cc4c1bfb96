import type { Capture } from '../store/live/capture.ts';
import type { Mirror } from '../store/live/mirror.ts';
import type { Driver } from '../store/contract.ts';
import type { Family, Mapping, Part, Side } from '../schema/mapping/mapping.ts';

/** One direction of a crossing: the follower is to hold what the leader holds. A rollback is the same with the roles changed. */
export interface Leg {
  readonly mapping: Mapping;
  /** The side that leads. */
  readonly from: Side;
  readonly leader: Leader;
  readonly follower: Follower;
  /** The follower refuses what is written for any but the one that began last. */
  readonly epoch: bigint;
  /** Draws a number beyond every one that anybody has drawn for this epoch. */
  readonly stamp: () => bigint | Promise<bigint>;
}

/** A store whose records are the truth, and that notes what is written. */
export type Leader = Driver & { readonly capture: Capture };

/** A store that takes the records of another one. */
export type Follower = Driver & { readonly mirror: Mirror };

/** The side that follows. */
export function followerSide({ from }: Pick<Leg, 'from'>): Side {
  return from === 'source' ? 'target' : 'source';
}

/**
 * A leg of the mapping, as far as one can be kept in step from a journal of keys: the leader's keys name its units.
 *
 * @throws TypeError for a family whose units they do not name
 */
export function legOf(leg: Leg): Leg {
  const { mapping, from } = leg;
  for (const family of mapping.families) {
    const unnamed = family[from].find(
      (part) => !part.by.every((field) => mapping[from][part.collection].key.includes(field)),
    );
    if (unnamed !== undefined)
      throw new TypeError(
        `The keys of ${JSON.stringify(unnamed.collection)} do not name units of the family ${JSON.stringify(family.name)}: a journal of keys cannot tell which unit a removed record belonged to.`,
      );
  }
  return leg;
}

/** The one part of a family whose units are single records. */
export function onlyPart(family: Family, side: Side): Part {
  return family[side][0];
}

/** Whether a unit is one record of the side at most, named by its key. */
export function isSingle(mapping: Mapping, side: Side, family: Family): boolean {
  const [part, ...others] = family[side];
  return others.length === 0 && part.by.join('\0') === mapping[side][part.collection].key.join('\0');
}

/**
 * The one part of a family whose units are single records of this side by their key, so that ranges of keys are ranges of
 * units. @throws TypeError for another one
 */
export function keyedPart({ mapping }: Leg, family: Family, side: Side): Part {
  if (isSingle(mapping, side, family)) return onlyPart(family, side);
  throw new TypeError(
    `The units of the family ${JSON.stringify(family.name)} are not single records of the ${side} by their key, so ranges of keys are not ranges of units.`,
  );
}
