import type { Ledger } from '../ledger/contract.ts';
import type { Mapping, Side } from '../schema/mapping/mapping.ts';
import type { Driver } from '../store/contract.ts';
import type { Live } from '../store/live/live.ts';
import type { BulkLeg } from '../sync/copy-range.ts';
import { keyedPart, type Leader, legOf } from '../sync/leg.ts';

/** A store that can cross; one that gives no numbers to records has no counters to raise. */
export type Crossable = Driver & Required<Omit<Live, 'counters'>> & Pick<Live, 'counters'>;

/** Two stores that become one, and where all that takes part in it agrees. */
export interface Crossing {
  readonly ledger: Ledger;
  readonly group: string;
  readonly mapping: Mapping;
  /** Open. Where a store has one writer process, it is the application's own. */
  readonly source: Crossable;
  readonly target: Crossable;
}

/** The store that leads from this side, and the one that follows. */
export function rolesOf({ source, target }: Crossing, from: Side): { leader: Crossable; follower: Crossable } {
  return from === 'source' ? { leader: source, follower: target } : { leader: target, follower: source };
}

/**
 * The direction in which a keeper works in one turn. Who comes with another turn is refused by the follower, so the stamps
 * are those of one process.
 *
 * @throws TypeError for a mapping whose units are not single records of both sides, which ranges of keys cannot walk
 */
export function legFrom(crossing: Crossing, from: Side, turn: bigint, stamp: () => bigint): BulkLeg {
  const { mapping } = crossing;
  const leg: BulkLeg = { mapping, from, ...rolesOf(crossing, from), epoch: turn, stamp };
  legOf(leg);
  for (const family of mapping.families) {
    keyedPart(leg, family, 'source');
    keyedPart(leg, family, 'target');
  }
  return leg;
}

/** Notes every write from now on, from a beginning: what stood and was torn down cannot be mended. */
export async function captureAnew({ capture }: Leader): Promise<void> {
  await capture.remove();
  await capture.install();
}
