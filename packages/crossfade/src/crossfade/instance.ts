import { type Clock, processClock } from '../core/clock.ts';
import { CrossfadeError, hasCode } from '../core/errors.ts';
import { Continuity } from '../ledger/continuity.ts';
import type { Control, Ledger, Position } from '../ledger/contract.ts';
import { Lease } from '../ledger/lease.ts';
import { type State, type StateName, states } from '../ledger/states.ts';
import type { Awaitable } from '../store/awaitable.ts';
import { type Known, type Objection, over, readObjection, refusalOf, writeObjection } from './admission.ts';
import { Calls } from './calls.ts';
import { News } from './news.ts';

/** How an instance takes part. Times in milliseconds. */
export interface InstanceOptions {
  readonly ledger: Ledger;
  readonly group: string;
  readonly mappingHash: string;
  /** One life of one process. */
  readonly id: string;
  /** Default 5,000; a margin of a tenth of it covers clocks that drift apart. */
  readonly leaseMs?: number;
  /** Between two signs of life. Default 1,000, and 20 while the lead may change. */
  readonly pollMs?: number;
  readonly pollFrozenMs?: number;
  /** How long a call waits for somebody to lead, or for the lease. Default 1,000. */
  readonly patienceMs?: number;
  /** How long a write whose outcome nobody knows may still land. Default 30,000. */
  readonly writeLifeMs?: number;
  readonly clock?: Clock;
}

/** What a call acts by. */
export interface View {
  readonly name: StateName;
  readonly state: State;
  readonly epoch: bigint;
}

/** Codes of the ledger after which an instance takes part no more, and another has to be registered. */
const ends: readonly string[] = ['E_INSTANCE_OVER', 'E_MAPPING_DIFFERS', 'E_GROUP_MISSING'];

/**
 * A process's part in the crossing of a group: it is registered, shows itself, and lets each call of the application act
 * by the state that the ledger says. What the ledger cannot be asked is answered by the lease and the table of states.
 *
 * A state is acknowledged when no write is under way that began before it. So whoever takes the next step knows that
 * every write from then on is made, noted and fenced as that state says.
 */
export class Instance {
  private readonly options: InstanceOptions;
  private readonly clock: Clock;
  private readonly lease: Lease;
  private readonly continuity = new Continuity();
  private readonly writes: Calls;
  /** Of another state, or of the lease. */
  private readonly news: News;
  private readonly stopping = new AbortController();
  private control: Control | null = null;
  /** The last answer, also one that does not follow. */
  private latest: Control | null = null;
  private broken: Known['broken'] = null;
  private acked: Position | null = null;
  private end: CrossfadeError | null = null;
  private polling: Promise<void> = Promise.resolve();

  constructor(options: InstanceOptions) {
    const { leaseMs = 5_000, writeLifeMs = 30_000, clock = processClock } = options;
    this.options = options;
    this.clock = clock;
    this.news = new News(clock);
    this.writes = new Calls(() => clock.idle(writeLifeMs));
    this.lease = new Lease({ ttlMs: leaseMs, marginMs: leaseMs / 10, nowMs: () => clock.nowMs() });
  }

  /** Registers, and shows itself from then on. @throws CrossfadeError as `register` of the ledger does */
  async start(): Promise<void> {
    const { ledger, group, id, mappingHash } = this.options;
    const sentMs = this.lease.nowMs();
    const control = await ledger.register(group, { id, mappingHash, leaseMs: this.lease.ttlMs });
    this.acked = control;
    this.take(control, sentMs);
    this.polling = this.poll();
  }

  /** Ends when what is under way has ended, and leaves. Later calls are refused. */
  async stop(): Promise<void> {
    this.end ??= over(this.options.id, 'has stopped');
    this.stopping.abort();
    this.news.announce();
    await this.polling;
    await this.ended();
    this.lease.end();
    try {
      await this.options.ledger.leave(this.options.id);
    } catch (error) {
      // Whoever was counted out has nothing left to leave.
      if (!hasCode(error, 'E_INSTANCE_OVER')) throw error;
    }
  }

  /** Resolves when nothing of the writes of now can land any more. */
  ended(): Promise<void> {
    return this.writes.ended();
  }

  /** What the instance acts by. @throws CrossfadeError E_INSTANCE_OVER */
  view(): View {
    if (this.end !== null) throw this.end;
    const { state: name, epoch } = this.control as Control;
    return { name, state: states[name], epoch };
  }

  /**
   * Runs a read in the state of now, or of the moment when the wait has ended.
   * @throws CrossfadeError E_LEASE_ENDED, E_LEDGER_BROKEN, E_INSTANCE_OVER, and what the call throws
   */
  read<T>(call: (view: View) => Awaitable<T>): Awaitable<T> {
    return this.admitted(readObjection, () => call(this.view()));
  }

  /**
   * Runs a write in the same way, and counts it: what comes later is not acknowledged while it is under way.
   * @throws CrossfadeError E_CROSSING_FROZEN, E_LEASE_ENDED, E_LEDGER_BROKEN, E_INSTANCE_OVER, and what the call throws
   */
  write<T>(call: (view: View) => Awaitable<T>): Awaitable<T> {
    return this.admitted(writeObjection, () => {
      const view = this.view();
      return this.writes.run(view.epoch, () => call(view));
    });
  }

  /** Until when a call that comes now waits. */
  patienceEndMs(): number {
    return this.clock.nowMs() + (this.options.patienceMs ?? 1_000);
  }

  /**
   * Resolves when the ledger tells of a later epoch, or soon: a store has refused what was written by this one, and its
   * fence may be lifted a moment after the state has begun. @throws CrossfadeError E_CROSSING_FROZEN when it is too late
   */
  async beyond(epoch: bigint, endMs: number): Promise<void> {
    if ((this.control as Control).epoch > epoch) return;
    if (this.clock.nowMs() >= endMs) throw refusalOf('frozen', this.known());
    await this.news.next(this.options.pollFrozenMs ?? 20);
  }

  /** Why the ledger is not followed; null: it is. */
  get isBroken(): Known['broken'] {
    return this.broken;
  }

  /** Goes on by what the ledger says now: both stores were verified. */
  accept(): void {
    if (this.latest === null || this.broken === null) return;
    this.continuity.accept(this.latest);
    this.broken = null;
    this.control = this.latest;
    this.writes.predate();
    this.news.announce();
  }

  private admitted<T>(objectionOf: (known: Known) => Objection | null, call: () => Awaitable<T>): Awaitable<T> {
    if (this.end !== null) throw this.end;
    return objectionOf(this.known()) === null ? call() : this.waited(objectionOf, call);
  }

  /** Waits for a state that has no objection, as long as patience lasts. */
  private async waited<T>(objectionOf: (known: Known) => Objection | null, call: () => Awaitable<T>): Promise<T> {
    const endMs = this.patienceEndMs();
    for (;;) {
      if (this.end !== null) throw this.end;
      const objection = objectionOf(this.known());
      if (objection === null) return call();
      const leftMs = endMs - this.clock.nowMs();
      if (leftMs <= 0) throw refusalOf(objection, this.known());
      await this.news.next(leftMs);
    }
  }

  private known(): Known {
    const { group, state: name } = this.control as Control;
    return { group, name, isLeaseValid: this.lease.isValid, broken: this.broken };
  }

  private async poll(): Promise<void> {
    while (this.end === null) {
      await this.clock.idle(this.pollMs(), this.stopping.signal);
      // Whoever takes steps waits for acknowledgements, and writes wait for him: news is acknowledged at once.
      while (this.end === null && (await this.renew()));
    }
  }

  /** Whether there is something to acknowledge that was not known before. */
  private async renew(): Promise<boolean> {
    const { ledger, id } = this.options;
    const sentMs = this.lease.nowMs();
    const before = this.control;
    try {
      this.take(await ledger.renew(id, { acked: this.acknowledged(), leaseMs: this.lease.ttlMs }), sentMs);
    } catch (error) {
      // Whatever else keeps the ledger from answering passes, or the lease does.
      if (!(error instanceof CrossfadeError && !ends.includes(error.code))) this.finish(error);
    }
    const { epoch } = this.control as Control;
    return epoch !== before?.epoch && !this.writes.hasBefore(epoch);
  }

  /** The state of now, unless a write began in an earlier one and is still under way; behind a break, none. */
  private acknowledged(): Position {
    const control = this.control as Control;
    if (this.broken !== null) return { epoch: 0n, server: control.server };
    if (!this.writes.hasBefore(control.epoch)) this.acked = control;
    const { epoch, server } = this.acked as Position;
    return { epoch, server };
  }

  private take(answer: Control, sentMs: number): void {
    this.latest = answer;
    const before = this.broken;
    this.broken = this.continuity.see(answer);
    if (this.broken === null) {
      const isLeased = this.lease.isValid;
      this.lease.renewed(sentMs);
      const isNew = this.control?.epoch !== answer.epoch;
      this.control = answer;
      if (isNew || !isLeased) this.news.announce();
    } else if (before === null) {
      this.lease.end();
      this.news.announce();
    }
  }

  private finish(error: unknown): void {
    this.lease.end();
    this.end = error instanceof CrossfadeError ? error : over(this.options.id, 'met a defect', error);
    this.news.announce();
  }

  private pollMs(): number {
    const { pollMs = 1_000, pollFrozenMs = 20 } = this.options;
    return states[(this.control as Control).state].writes === 'open' ? pollMs : pollFrozenMs;
  }
}
