import { type Clock, processClock } from '../core/clock.ts';
import { CrossfadeError, hasCode } from '../core/errors.ts';
import type { Actor, Kept } from '../ledger/contract.ts';
import type { Findings } from '../ledger/keeping.ts';
import { states } from '../ledger/states.ts';
import type { Crossing } from './crossing.ts';
import { duties } from './duties.ts';
import { Shift } from './shift.ts';
import { thaw } from './thaw.ts';

/** How a process keeps the other store in step. Times in milliseconds. */
export interface KeeperOptions extends Actor {
  /** Default 5,000. */
  readonly leaseMs?: number;
  /** Between two looks at the journal or the ledger while there is nothing to do. Default 100, and 5 while nobody leads. */
  readonly restMs?: number;
  readonly restFrozenMs?: number;
  /** Between two tries where a store or the ledger fails. Default 1,000. */
  readonly retryMs?: number;
  /** Records that may be removed from the follower at a time, because the leader has none of them. Default 500. */
  readonly removalsMax?: number;
  readonly clock?: Clock;
}

/**
 * Keeps the other store of a crossing in step, as long as no other process does: copies, makes up for what is owed,
 * compares, and makes the stores ready for each state of the ledger. It decides nothing: steps are the operator's, but for
 * a freeze whose time is over.
 *
 * Whoever loses the part in the middle of a piece does no harm: what it still sends comes by an earlier turn, which the
 * stores refuse.
 */
export class Keeper {
  private readonly crossing: Crossing;
  private readonly options: KeeperOptions;
  private readonly clock: Clock;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private shift: Shift | null = null;
  private last: Shift | null = null;
  private trouble: string | null = null;
  private askedMs = Number.NEGATIVE_INFINITY;
  private told = '';

  constructor(crossing: Crossing, options: KeeperOptions) {
    this.crossing = crossing;
    this.options = options;
    this.clock = options.clock ?? processClock;
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends with the piece under way, and lets somebody else keep. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    // Whoever cannot be told waits for the end of the lease.
    await this.crossing.ledger.letGo(this.crossing.group, this.options.actor).catch(() => undefined);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const restMs = await this.once();
      if (restMs > 0) await this.clock.idle(restMs, signal);
    }
  }

  /** One piece of work. @returns how long there is nothing to do */
  private async once(): Promise<number> {
    const { retryMs = 1_000, removalsMax = 500 } = this.options;
    try {
      const kept = this.isAsked() ? await this.keep() : null;
      if (kept !== null && kept.turn !== this.shift?.turn) {
        this.shift = null;
        if (kept.turn === null) return this.restMs();
        const shift = new Shift(this.crossing, kept, kept.turn, { clock: this.clock, removalsMax }, this.last);
        await duties[kept.control.state].enter(shift);
        this.shift = this.last = shift;
      }
      if (kept !== null && (await thaw(this.crossing, kept.control, this.options))) return 0;
      const shift = this.shift;
      if (shift === null) return this.restMs();
      const pace = await duties[shift.control.state].piece(shift);
      this.trouble = null;
      return pace === 'on' ? 0 : this.restMs();
    } catch (error) {
      // Another turn has begun, or the ledger tells of another state by now: that is asked first.
      this.trouble = hasCode(error, 'E_FENCED') ? this.trouble : nameOf(error);
      this.shift = null;
      this.askedMs = Number.NEGATIVE_INFINITY;
      return hasCode(error, 'E_FENCED') ? this.restMs() : retryMs;
    }
  }

  /** Whether the ledger is to be asked before the next piece: now and then, and when there is something to tell. */
  private isAsked(): boolean {
    const isNews = this.shift?.isDone === true && this.told !== 'done';
    return this.shift === null || isNews || this.clock.nowMs() - this.askedMs >= this.restMs();
  }

  private async keep(): Promise<Kept> {
    const { actor, leaseMs = 5_000 } = this.options;
    const findings = this.findings();
    this.askedMs = this.clock.nowMs();
    const more = findings === null ? {} : { findings };
    const kept = await this.crossing.ledger.keep(this.crossing.group, { keeper: actor, leaseMs, ...more });
    this.told = findings?.isDone === true && kept.turn === this.shift?.turn ? 'done' : '';
    return kept;
  }

  private findings(): Findings | null {
    const told = this.shift ?? this.last;
    return told === null ? null : told.findings(this.trouble);
  }

  private restMs(): number {
    const { restMs = 100, restFrozenMs = 5 } = this.options;
    const state = this.shift?.state ?? this.last?.state ?? states.legacy;
    return state.leader === null || state.writes === 'leased' ? restFrozenMs : restMs;
  }
}

function nameOf(error: unknown): string {
  if (error instanceof CrossfadeError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
