import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Control, Kept } from '../ledger/contract.ts';
import type { Findings } from '../ledger/keeping.ts';
import { type State, states } from '../ledger/states.ts';
import type { Side, Unit } from '../schema/mapping/mapping.ts';
import type { BulkLeg } from '../sync/copy-range.ts';
import { Drain, type Drained } from '../sync/drain.ts';
import { unitText } from '../sync/sync.ts';
import { Comparer, passesWanted } from './comparer.ts';
import { Copier } from './copier.ts';
import { type Crossing, legFrom } from './crossing.ts';

/** How a keeper works. */
export interface Manner {
  readonly clock: Clock;
  /** Records that a range, or a round of draining, may remove from the follower. */
  readonly removalsMax: number;
  /** A number beyond every one that this process has drawn: a turn may have several shifts, whose stamps go on. */
  readonly stamp: () => bigint;
  /** Lets the ledger know what was found, and throws where somebody else has the part. */
  readonly tell: (findings: Findings) => Promise<void>;
}

/** One turn of a keeper: one state, and what is done in it. */
export class Shift {
  readonly crossing: Crossing;
  readonly control: Control;
  readonly turn: bigint;
  readonly state: State;
  readonly leg: BulkLeg;
  readonly drain: Drain;
  comparer: Comparer;
  copier: Copier;
  /** All that the state asks for has been done. */
  isDone = false;
  isCopied: boolean;
  owed = 0;
  /** What the ledger was told last about a rollback; null: nothing in this turn. */
  isReadyNoted: boolean | null = null;
  /** Units in quarantine by the journal. */
  private quarantined = 0;
  private touchedBefore = new Map<string, Unit>();
  private touchedNow = new Map<string, Unit>();
  private readonly manner: Manner;
  private comparedMs = Number.NEGATIVE_INFINITY;
  private againMs = Number.NEGATIVE_INFINITY;

  /** @param last the shift before, of the same keeper @throws TypeError as {@link legFrom} */
  constructor(crossing: Crossing, { control, findings }: Kept, turn: bigint, manner: Manner, last: Shift | null) {
    this.crossing = crossing;
    this.control = control;
    this.turn = turn;
    this.manner = manner;
    this.state = states[control.state];
    this.leg = legFrom(crossing, this.from, turn, manner.stamp);
    const { removalsMax } = manner;
    if (last?.from === this.from) [this.touchedBefore, this.touchedNow] = [last.touchedBefore, last.touchedNow];
    this.drain = new Drain(this.leg, { removalsMax, onUnits: (units) => this.touch(units) });
    this.comparer = new Comparer(this.leg, removalsMax, findings?.incidents ?? 0);
    // What a crossing has copied before it went back to its beginning says nothing about the next one.
    const before = control.state === 'legacy' ? null : findings;
    this.isCopied = before?.isCopied ?? false;
    this.copier = new Copier(this.leg, manner.clock, removalsMax, {
      resume: before?.resume ?? null,
      copied: before?.copied ?? 0,
    });
  }

  /** The side whose writes are owed to the other one. */
  get from(): Side {
    return this.state.captured ?? this.state.leader ?? 'source';
  }

  /**
   * Every record has to be copied: writes have gone by that nobody has noted. The ledger is told before anything is mended:
   * whoever comes after a process that ends here finds a capture that stands, and must not take the rest for copied.
   */
  async restart(): Promise<void> {
    const { clock, removalsMax, tell } = this.manner;
    this.isCopied = false;
    this.isDone = false;
    this.copier = new Copier(this.leg, clock, removalsMax, { resume: null, copied: 0 });
    this.comparer = new Comparer(this.leg, removalsMax, this.comparer.incidents);
    await tell(this.findings(null));
  }

  /** Tries what the copy could not place once more, now and then. @returns whether it was tried */
  async copyAgain(): Promise<boolean> {
    const nowMs = this.manner.clock.nowMs();
    const restMs = this.copier.isToBeginAnew ? limits.keepCompareRestMs : limits.keepRepairRestMs;
    if (nowMs - this.againMs < restMs) return false;
    this.againMs = nowMs;
    await this.copier.again();
    return true;
  }

  async drained(): Promise<Drained> {
    const round = await this.drain.round();
    this.owed = round.waiting + round.unnamed + (round.isMore ? round.cleared : 0);
    this.quarantined = round.refused.length + round.unnamed;
    return round;
  }

  /** Units that the journal has named since the last comparison of everything, or in this direction; the latest ones. */
  get touched(): readonly Unit[] {
    return [...this.touchedBefore.values(), ...this.touchedNow.values()];
  }

  /** Whether everything is to be compared now: not when the last pass has proved enough, or found what it cannot mend, just lately. */
  get isToCompare(): boolean {
    const { cleanPasses, compared } = this.comparer;
    if (compared > 0 || (cleanPasses > 0 && cleanPasses < passesWanted)) return true;
    const restMs = cleanPasses === 0 ? limits.keepRepairRestMs : limits.keepCompareRestMs;
    return this.manner.clock.nowMs() - this.comparedMs >= restMs;
  }

  /** Everything was compared: what was touched before the comparison began has been looked at. */
  passed(): void {
    this.comparedMs = this.manner.clock.nowMs();
    this.forget();
  }

  private forget(): void {
    this.touchedBefore = this.touchedNow;
    this.touchedNow = new Map();
  }

  findings(trouble: string | null): Findings {
    const { cleanPasses, compared, incidents } = this.comparer;
    return {
      epoch: this.control.epoch,
      isDone: this.isDone,
      isCopied: this.isCopied,
      copied: this.copier.copied,
      owed: this.owed,
      quarantined: this.quarantined + this.copier.quarantined,
      cleanPasses,
      compared,
      incidents,
      trouble,
      resume: this.isCopied ? null : this.copier.resume,
    };
  }

  private touch(units: readonly Unit[]): void {
    for (const unit of units) this.touchedNow.set(unitText(unit), unit);
    if (this.touchedNow.size > limits.keepTouchedMax) this.forget();
  }
}
