import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Key } from '../schema/collection.ts';
import type { Unit } from '../schema/mapping/mapping.ts';
import { type KeyJson, keyJson, keyOf } from '../store/live/key-json.ts';
import { type BulkLeg, copyRange } from '../sync/copy-range.ts';
import { sync, unitText } from '../sync/sync.ts';

/** What the copy of an earlier keeper had come to. */
export interface CopyStart {
  /** Of {@link Copier.resume}; null: from the first record of the first family. */
  readonly resume: string | null;
  readonly copied: number;
}

/** Copies everything that the leader holds, range by range, in the order of the families and of their keys. */
export class Copier {
  /** Records of the leader that were looked at. */
  copied: number;
  private readonly leg: BulkLeg;
  private readonly clock: Clock;
  private readonly removalsMax: number;
  private rows: number = limits.keepRangeRows;
  private family = 0;
  private after: Key | null = null;
  /** Units that the follower has not taken, and that no journal owes. */
  private readonly refused = new Map<string, Unit>();
  /** Damaged records that nobody can name: whatever range they belong to, nothing was removed from it. */
  private unnamed = 0;

  constructor(leg: BulkLeg, clock: Clock, removalsMax: number, { resume, copied }: CopyStart) {
    this.leg = leg;
    this.clock = clock;
    this.removalsMax = removalsMax;
    this.copied = copied;
    if (resume === null) return;
    const { family, after } = JSON.parse(resume) as { family: string; after: KeyJson | null };
    const found = leg.mapping.families.findIndex(({ name }) => name === family);
    if (found === -1) return;
    this.family = found;
    this.after = after === null ? null : keyOf(after);
  }

  get quarantined(): number {
    return this.refused.size + this.unnamed;
  }

  /** A record could not be named, so that everything has to be copied again. */
  get isToBeginAnew(): boolean {
    return this.unnamed > 0;
  }

  /** Every record was looked at. */
  get isThrough(): boolean {
    return this.family === this.leg.mapping.families.length;
  }

  /** Every record is there. */
  get isOver(): boolean {
    return this.isThrough && this.quarantined === 0;
  }

  /** Where another keeper may go on; null where only this one knows what was refused. */
  get resume(): string | null {
    const { name } = this.leg.mapping.families[this.family] ?? {};
    if (name === undefined || this.quarantined > 0) return null;
    return JSON.stringify({ family: name, after: this.after === null ? null : keyJson(this.after) });
  }

  /** Copies the next range. @throws CrossfadeError as {@link copyRange} */
  async range(): Promise<void> {
    const family = this.leg.mapping.families[this.family];
    const startedMs = this.clock.nowMs();
    const { looked, refused, unnamed, next } = await copyRange(this.leg, family, this.after, {
      limit: this.rows,
      removalsMax: this.removalsMax,
    });
    for (const { unit } of refused) this.refused.set(unitText(unit), unit);
    this.unnamed += unnamed.length;
    this.copied += looked;
    this.after = next;
    if (next === null) this.family++;
    this.rows = paced(this.rows, this.clock.nowMs() - startedMs);
  }

  /** Tries what was refused once more; where records could not be named, everything. */
  async again(): Promise<void> {
    const { refused } = await sync(this.leg, [...this.refused.values()], { removalsMax: this.removalsMax });
    this.refused.clear();
    for (const { unit } of refused) this.refused.set(unitText(unit), unit);
    if (this.unnamed === 0) return;
    this.unnamed = 0;
    this.family = 0;
    this.after = null;
    this.copied = 0;
  }
}

/** As many as take the time that is allowed, in steps that no single slow range can make large. */
function paced(rows: number, tookMs: number): number {
  const factor = Math.min(2, Math.max(0.5, limits.keepRangeMs / Math.max(1, tookMs)));
  return Math.min(limits.keepRangeRowsMax, Math.max(limits.keepRangeRows / 10, Math.round(rows * factor)));
}
