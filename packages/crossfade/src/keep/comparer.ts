import { limits } from '../core/limits.ts';
import type { Key } from '../schema/collection.ts';
import { compareRange } from '../sync/compare-range.ts';
import type { Leg } from '../sync/leg.ts';
import { sync } from '../sync/sync.ts';

/** Passes without a difference, in turn, that prove the stores equal. */
export const passesWanted = 2;

/** Compares everything, pass after pass, and repairs what differs with nothing to explain it. */
export class Comparer {
  /** Passes in turn that have found no difference. */
  cleanPasses = 0;
  /** Units of the pass under way. */
  compared = 0;
  /** Units that have ever differed. */
  incidents: number;
  private readonly leg: Leg;
  private readonly removalsMax: number;
  private family = 0;
  private after: Key | null = null;
  private isClean = true;

  constructor(leg: Leg, removalsMax: number, incidents: number) {
    this.leg = leg;
    this.removalsMax = removalsMax;
    this.incidents = incidents;
  }

  /** Compares the next range. @returns what the pass that has ended by it has found; `going`: none has @throws CrossfadeError as {@link compareRange} and {@link sync} */
  async range(): Promise<'going' | 'clean' | 'different'> {
    const { families } = this.leg.mapping;
    const { units, different, next } = await compareRange(
      this.leg,
      families[this.family],
      this.after,
      limits.keepRangeRows,
    );
    this.compared += units;
    this.incidents += different.length;
    if (different.length > 0) {
      this.isClean = false;
      this.cleanPasses = 0;
      await sync(this.leg, different, { removalsMax: this.removalsMax });
    }
    this.after = next;
    if (next === null) this.family++;
    if (this.family < families.length) return 'going';
    const { isClean } = this;
    this.cleanPasses = isClean ? this.cleanPasses + 1 : 0;
    [this.family, this.compared, this.isClean] = [0, 0, true];
    return isClean ? 'clean' : 'different';
  }
}
