import { limits } from '../core/limits.ts';
import { type StateName, states } from '../ledger/states.ts';
import type { Key } from '../schema/collection.ts';
import { copyRange } from '../sync/copy-range.ts';
import { type Crossing, legFrom } from './crossing.ts';
import { isForgetful, restarted } from './losses.ts';

/** Smaller than every turn: whatever a keeper begins comes later. */
const firstTurn = 1n;

/**
 * Fills a source that has lost its records with its process from the store that follows it, before anybody is served. What
 * had been acknowledged and had not reached the follower is lost, as everything is that memory alone has held.
 *
 * @throws CrossfadeError E_SOURCE_RESTARTED where a record cannot be brought back; those of either store
 */
export async function refill(crossing: Crossing, state: StateName): Promise<void> {
  const { source } = crossing;
  if (state === 'legacy' || states[state].leader !== 'source' || !(await isForgetful(source))) return;
  let stamp = 0n;
  const leg = legFrom(crossing, 'target', firstTurn, () => ++stamp);
  await source.mirror.begin(firstTurn);
  for (const family of crossing.mapping.families) {
    let after: Key | null = null;
    do {
      const { refused, unnamed, next }: Awaited<ReturnType<typeof copyRange>> = await copyRange(leg, family, after, {
        limit: limits.keepRangeRows,
        removalsMax: 0,
      });
      if (refused.length + unnamed.length > 0) throw restarted(crossing);
      after = next;
    } while (after !== null);
  }
  // From here on it has a part in the crossing.
  await source.fence.lift(firstTurn);
}
