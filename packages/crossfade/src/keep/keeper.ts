import { type Clock, processClock } from '../core/clock.ts';
import { CrossfadeError, hasCode } from '../core/errors.ts';
import type { Actor, Control, Kept } from '../ledger/contract.ts';
import type { Findings } from '../ledger/keeping.ts';
import { states } from '../ledger/states.ts';
import type { Crossing } from './crossing.ts';
import { duties } from './duties.ts';
import { noticeLosses, overtaken } from './losses.ts';
import { type Manner, Shift } from './shift.ts';
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

/** Refusals of the stores in turn, behind which it is no other keeper any more that has just begun. */
const refusalsMax = 50;

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
  private refusals = 0;
  private askedMs = Number.NEGATIVE_INFINITY;
  private told = '';
  private stamps = 0n;
  private seen: { readonly epoch: bigint; readonly sinceMs: number } | null = null;

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
    try {
      if (this.isAsked() && (await this.ask())) return 0;
      const shift = this.shift;
      if (shift === null) return this.restMs();
      const pace = await this.alive(duties[shift.control.state].piece(shift));
      this.trouble = null;
      this.refusals = 0;
      return pace === 'on' ? 0 : this.restMs();
    } catch (error) {
      this.shift = null;
      return this.failed(error);
    }
  }

  /** Asks the ledger, and begins what it says. @returns whether a step was taken, which has to be asked for first */
  private async ask(): Promise<boolean> {
    const kept = await this.keep((this.shift ?? this.last)?.findings(this.trouble));
    // Whoever has the part may be unable to do anything, so a freeze is ended by any keeper, and before anything else.
    if (await thaw(this.crossing, kept.control, this.options, this.lastedMs(kept.control))) return true;
    if (kept.turn === null) this.shift = this.last = null;
    if (kept.turn === null || kept.turn === this.shift?.turn) return false;
    this.shift = null;
    const shift = new Shift(this.crossing, kept, kept.turn, this.manner(kept.turn), this.last);
    // What keeps the turn from beginning is told by its own findings, and not by those of whoever kept before.
    this.last = shift;
    await noticeLosses(shift);
    await this.alive(duties[kept.control.state].enter(shift));
    this.shift = this.last = shift;
    return false;
  }

  private failed(error: unknown): number {
    const { retryMs = 1_000 } = this.options;
    this.askedMs = Number.NEGATIVE_INFINITY;
    // Another turn has begun, as a rule, or another state: that is asked first, and is no trouble unless it lasts.
    const isFenced = hasCode(error, 'E_FENCED') && ++this.refusals < refusalsMax;
    if (isFenced) return this.restMs();
    this.trouble = nameOf(error);
    return retryMs;
  }

  private manner(turn: bigint): Manner {
    return {
      clock: this.clock,
      removalsMax: this.options.removalsMax ?? 500,
      stamp: () => ++this.stamps,
      tell: async (findings) => {
        if ((await this.keep(findings)).turn !== turn) throw overtaken(this.crossing.group);
      },
    };
  }

  /** Shows that this process is alive, as long as the work takes: waiting for writers may take longer than a lease. */
  private async alive<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const beat = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await this.clock.idle(this.leaseMs() / 3, over.signal);
        if (!over.signal.aborted) await this.keep().catch(() => undefined);
      }
    };
    const beating = beat();
    try {
      return await work;
    } finally {
      over.abort();
      await beating;
    }
  }

  /** Whether the ledger is to be asked before the next piece: now and then, and when there is something to tell. */
  private isAsked(): boolean {
    const isNews = this.shift?.isDone === true && this.told !== 'done';
    return this.shift === null || isNews || this.clock.nowMs() - this.askedMs >= this.restMs();
  }

  private async keep(findings?: Findings): Promise<Kept> {
    this.askedMs = this.clock.nowMs();
    const more = findings === undefined ? {} : { findings };
    const request = { keeper: this.options.actor, leaseMs: this.leaseMs(), ...more };
    const kept = await this.crossing.ledger.keep(this.crossing.group, request);
    this.told = findings?.isDone === true && kept.turn === this.shift?.turn ? 'done' : '';
    if (this.seen?.epoch !== kept.control.epoch) this.seen = { epoch: kept.control.epoch, sinceMs: this.clock.nowMs() };
    return kept;
  }

  /** How long this process has seen the state last. */
  private lastedMs({ epoch }: Control): number {
    return this.seen?.epoch === epoch ? this.clock.nowMs() - this.seen.sinceMs : 0;
  }

  private leaseMs(): number {
    return this.options.leaseMs ?? 5_000;
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
