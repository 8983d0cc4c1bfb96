import { CrossfadeError } from '../core/errors.ts';
import type { Control, StepOutcome } from '../ledger/contract.ts';
import type { StateName } from '../ledger/states.ts';
import type { GateReading } from './gates.ts';

/** A step whose gates stayed closed. */
export function gateClosed({ group, state }: Control, to: StateName, closed: readonly GateReading[]): CrossfadeError {
  const reasons = closed.map(({ gate, why }) => `${gate}: ${why}`);
  return new CrossfadeError(
    'E_GATE_CLOSED',
    `${group}: the step from ${state} to ${to} was not taken. ${reasons.join('; ')}. Nothing was changed. Try again when that has been seen to.`,
    { group, state, to, gates: closed.map(({ gate }) => gate) },
  );
}

/** Somebody else has taken a step, or the time was over. */
export function stepLost({ group, state }: Control, to: StateName, outcome: StepOutcome): CrossfadeError {
  const why: Readonly<Partial<Record<StepOutcome, string>>> = {
    late: 'the time of the freeze was over',
    early: 'the time of the freeze lasts, and somebody else coordinates it',
    foreign: 'instances with another mapping are alive',
  };
  return new CrossfadeError(
    'E_STEP_LOST',
    `${group}: the step to ${to} was not taken, because ${why[outcome] ?? 'somebody else has taken a step'}; the group is in ${state}. Nothing was changed by it. Look at its status, and go on from there.`,
    { group, state, to, outcome },
  );
}

/** A way that was broken off, to the state from which it can be taken again. */
export function crossingAborted({ group, state, frozenLeftMs }: Control, cause: unknown): CrossfadeError {
  const why = cause instanceof CrossfadeError ? cause.message : 'Something unexpected failed.';
  const still = frozenLeftMs === null ? '' : `, which a keeper leaves ${Math.max(0, frozenLeftMs)} ms from now`;
  return new CrossfadeError(
    'E_CROSSING_ABORTED',
    `${group}: the way was broken off, and the group is in ${state}${still}. ${why}`,
    { group, state, ...(cause instanceof CrossfadeError && { why: cause.code }) },
    { cause },
  );
}

/** A command that the state has no use for. */
export function misplaced({ group, state }: Control, command: string, instead: string): CrossfadeError {
  return new CrossfadeError(
    'E_STATE_UNFIT',
    `${group}: ${command} has nothing to do in ${state}. Nothing was changed. ${instead}`,
    { group, state, command },
  );
}
