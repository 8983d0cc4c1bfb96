import { type Clock, processClock } from '../core/clock.ts';
import { hasCode } from '../core/errors.ts';
import type { Actor, Control, Entry, Ledger, Members, StepFacts } from '../ledger/contract.ts';
import { type StateName, states } from '../ledger/states.ts';
import { groupMissing } from '../ledger/refusals.ts';
import { closedGates, type GateReading, readGates } from './gates.ts';
import { crossingAborted, gateClosed, misplaced, stepLost } from './refusals.ts';

/** How an operator works. Times in milliseconds. */
export interface OperatorOptions extends Actor {
  readonly ledger: Ledger;
  readonly group: string;
  /** How long a step waits for its gates, where somebody leads. Default 10,000. */
  readonly waitMs?: number;
  /** How long nobody may lead: within it the lead changes, or everything goes on as before. Default 5,000. */
  readonly budgetMs?: number;
  readonly clock?: Clock;
}

/** How far a crossing is, and what keeps it from going on. */
export interface Status extends Members {
  /** The step that `advance` would take next, and its gates; null where only `finish` leads on, or nothing. */
  readonly next: { readonly to: StateName; readonly gates: readonly GateReading[] } | null;
}

/** What a command has come to. */
export interface Outcome {
  readonly control: Control;
  /** How long nobody led, from the step that froze to the last acknowledgement; null where nothing was frozen, or an instance has not acknowledged yet. */
  readonly pausedMs: number | null;
}

/** Where `advance` rests: each of them is a state to look around in. */
const rests: readonly StateName[] = ['dual', 'shadow', 'primary'];

/** Between two looks at the ledger. */
const lookMs = 10;

/**
 * The operator's verbs. Each takes steps of the table of states, and each step only when the evidence in the ledger says
 * that it may be taken; whatever stands in its way is said. All that is done to the stores is done by the keeper.
 *
 * An operator may end at any point: what was begun goes on from the row, by another operator or back by the keeper.
 */
export class Operator {
  private readonly options: OperatorOptions;
  private readonly clock: Clock;

  constructor(options: OperatorOptions) {
    this.options = options;
    this.clock = options.clock ?? processClock;
  }

  /** @throws CrossfadeError E_GROUP_MISSING */
  async status(): Promise<Status> {
    const members = await this.members();
    const { forward, leader, phase } = states[members.control.state];
    const isOnTheWay = forward !== null && forward !== 'final' && phase !== 'rollback';
    const next = isOnTheWay ? { to: forward, gates: readGates(members, 'forward') } : null;
    return { ...members, next: leader === null && phase === 'rollback' ? null : next };
  }

  /**
   * Goes on to the next state in which a crossing may rest: from `legacy` to `dual`, from there to `shadow`, and from there
   * through the whole cutover to `primary`. A cutover that does not end in time is broken off.
   *
   * @throws CrossfadeError E_GATE_CLOSED, E_STEP_LOST, E_STATE_UNFIT; E_CROSSING_ABORTED when the source leads again
   */
  async advance(): Promise<Outcome> {
    const { control } = await this.members();
    const { forward, phase } = states[control.state];
    if (forward === null || forward === 'final')
      throw misplaced(control, 'advance', 'The crossing is over, or `finish` ends it.');
    if (phase === 'rollback')
      throw misplaced(control, 'advance', 'A rollback is under way: `rollback` goes on with it, `abort` leaves it.');
    return this.travel('forward', control.epoch, (state) => rests.includes(state));
  }

  /**
   * Gives the lead back to the source, with all that was written meanwhile.
   * @throws CrossfadeError as {@link advance}; E_CROSSING_ABORTED when the target leads again
   */
  async rollback(): Promise<Outcome> {
    const { control } = await this.members();
    const { phase } = states[control.state];
    if (phase !== 'postgres-primary' && phase !== 'rollback')
      throw misplaced(control, 'rollback', 'PostgreSQL does not lead, or the old store is given up.');
    return this.travel('back', control.epoch, (state) => state === 'shadow');
  }

  /**
   * Leaves a cutover or a rollback for the state before it. Within the time of a freeze only its coordinator may; others
   * wait for its end. @throws CrossfadeError E_STATE_UNFIT where nothing is under way, E_GATE_CLOSED, E_STEP_LOST
   */
  async abort(): Promise<Control> {
    const { control } = await this.members();
    if (!isInPassing(control)) throw misplaced(control, 'abort', 'No cutover or rollback is under way.');
    return this.leave();
  }

  /** One step back where the source leads: from `shadow` to `dual`, from there to `legacy`. @throws CrossfadeError as {@link advance} */
  async retreat(): Promise<Control> {
    const { control } = await this.members();
    if (control.state !== 'shadow' && control.state !== 'dual')
      throw misplaced(control, 'retreat', 'Only a crossing that has not cut over steps back.');
    return this.step('back', control.epoch, this.clock.nowMs() + this.waitMs());
  }

  /** Ends the way back for good. @throws CrossfadeError E_STATE_UNFIT, E_GATE_CLOSED, E_STEP_LOST */
  async finish(): Promise<Control> {
    const { control } = await this.members();
    if (control.state !== 'primary') throw misplaced(control, 'finish', 'Only where PostgreSQL leads a crossing ends.');
    return this.step('forward', control.epoch, this.clock.nowMs() + this.waitMs());
  }

  /** What has happened, oldest first. */
  history(page?: { readonly after?: bigint; readonly limit?: number }): Promise<readonly Entry[]> {
    return this.options.ledger.history(this.options.group, page);
  }

  /** Steps in one direction until a state to rest in; a freeze ends within its time, one way or the other. */
  private async travel(
    direction: 'forward' | 'back',
    from: bigint,
    isRest: (state: StateName) => boolean,
  ): Promise<Outcome> {
    let frozenAtMs: number | null = null;
    try {
      for (let epoch = from; ; ) {
        const endMs = this.clock.nowMs() + this.waitMs();
        const control = await this.step(direction, epoch, endMs);
        epoch = control.epoch;
        const isFrozen = states[control.state].leader === null;
        if (isFrozen) frozenAtMs ??= this.clock.nowMs();
        if (!isRest(control.state)) continue;
        if (frozenAtMs === null) return { control, pausedMs: null };
        const isSettled = await this.settled(epoch, endMs);
        return { control, pausedMs: isSettled ? this.clock.nowMs() - frozenAtMs : null };
      }
    } catch (error) {
      // Whoever has frozen thaws; what somebody else is about is left to him.
      const isOthers = hasCode(error, 'E_STEP_LOST') && frozenAtMs === null;
      if (isOthers || !isInPassing((await this.members()).control)) throw error;
      await this.leave().catch(() => undefined);
      throw crossingAborted((await this.members()).control, error);
    }
  }

  /** Steps out of a change of the lead, to the state in which it began. */
  private async leave(): Promise<Control> {
    const endMs = this.clock.nowMs() + this.waitMs() + (this.options.budgetMs ?? 5_000);
    for (;;) {
      const { control } = await this.members();
      if (!isInPassing(control)) return control;
      try {
        await this.step(states[control.state].phase === 'cutover' ? 'back' : 'forward', control.epoch, endMs);
      } catch (error) {
        // The keeper leaves a freeze whose time is over as well, and before that the coordinator alone may.
        if (!hasCode(error, 'E_STEP_LOST') || this.clock.nowMs() > endMs) throw error;
        await this.clock.wait(lookMs);
      }
    }
  }

  /** Takes the next step of a direction as soon as its gates are open, if nobody has taken another one. */
  private async step(direction: 'forward' | 'back', from: bigint, endMs: number): Promise<Control> {
    const { ledger, group, actor, commit, budgetMs = 5_000 } = this.options;
    const members = await this.opened(direction, from, endMs);
    const { control } = members;
    const { state, epoch } = control;
    const to = states[state][direction];
    if (to === null) throw misplaced(control, 'a step', 'No step leads on from here.');
    const isFreeze = states[state].leader !== null && states[to].leader === null;
    const stepped = await ledger.step(group, {
      actor,
      commit,
      from: { state, epoch },
      to,
      facts: factsOf(members),
      ...(isFreeze && { budgetMs }),
    });
    if (stepped.outcome !== 'done') throw stepLost(stepped.control, to, stepped.outcome);
    return stepped.control;
  }

  /** Waits for the gates of a step. @throws CrossfadeError E_GATE_CLOSED when they are not open in time, E_STEP_LOST */
  private async opened(direction: 'forward' | 'back', from: bigint, endMs: number): Promise<Members> {
    for (;;) {
      const members = await this.members();
      const to = states[members.control.state][direction] ?? members.control.state;
      if (members.control.epoch !== from) throw stepLost(members.control, to, 'lost');
      const closed = closedGates(members, direction);
      if (closed.length === 0) return members;
      const { control } = members;
      const isOver = control.frozenLeftMs === null ? this.clock.nowMs() >= endMs : control.frozenLeftMs <= 0;
      if (isOver) throw gateClosed(control, to, closed);
      await this.clock.wait(lookMs);
    }
  }

  /** Waits until every instance that is alive acts by the state. @returns whether they do */
  private async settled(epoch: bigint, endMs: number): Promise<boolean> {
    while (this.clock.nowMs() < endMs) {
      const { instances } = await this.members();
      if (instances.every(({ ackedEpoch, leaseLeftMs }) => ackedEpoch >= epoch || leaseLeftMs <= 0)) return true;
      await this.clock.wait(lookMs);
    }
    return false;
  }

  private async members(): Promise<Members> {
    const { ledger, group } = this.options;
    if ((await ledger.control(group)) === null) throw groupMissing(group);
    return ledger.members(group);
  }

  private waitMs(): number {
    return this.options.waitMs ?? 10_000;
  }
}

/** Whether the group is in a state that nobody is to stay in. */
function isInPassing({ state }: Control): boolean {
  const { phase } = states[state];
  return phase === 'cutover' || phase === 'rollback';
}

/** The evidence that a step was taken on, for the history. */
function factsOf({ instances, keeping }: Members): StepFacts {
  const { isCopied, copied, owed, quarantined, cleanPasses, incidents } = keeping?.findings ?? {};
  const found = { isCopied, copied, owed, quarantined, cleanPasses, incidents };
  const told = Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { instances: instances.length, ...Object.fromEntries(told) };
}
