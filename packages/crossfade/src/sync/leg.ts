import type { Capture } from '../store/live/capture.ts';
import type { Mirror } from '../store/live/mirror.ts';
import type { Driver } from '../store/contract.ts';
import { mayMove } from '../store/live/units.ts';
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
 * A leg of the mapping, as far as one can be kept in step from a journal of keys: the leader's keys name its units, and
 * what a unit loses takes nothing of another unit along.
 *
 * @throws TypeError for a family of which that is not so
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
    refuseCascades(leg, family);
  }
  return leg;
}

/**
 * A record that passes from one unit to another is gone from the follower until the other is written. What refers to it
 * must not go with it: it is of a unit that nobody has written, and no journal would bring it back.
 */
function refuseCascades(leg: Leg, family: Family): void {
  const collections = leg.mapping[followerSide(leg)];
  const own = family[followerSide(leg)];
  const moving = own.filter(({ collection, by }) => mayMove({ by }, collections[collection]));
  // One of the same family passes along with it, and is written with the other unit.
  for (const { collection } of moving)
    for (const [child, { references = [] }] of Object.entries(collections))
      if (
        !own.some((part) => part.collection === child) &&
        references.some(({ to, onRemove }) => to === collection && onRemove === 'remove')
      )
        throw new TypeError(
          `Records of ${JSON.stringify(collection)} may pass between units of the family ${JSON.stringify(family.name)}, and those of ${JSON.stringify(child)} that refer to one would be removed with it meanwhile. Let the key of ${JSON.stringify(collection)} name its unit, or that reference refuse.`,
        );
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
