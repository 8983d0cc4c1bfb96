import type { Control, StepOutcome, StepRequest } from './contract.ts';
import { nextTo, type StateName, states } from './states.ts';

/**
 * What a step is to the lead. `freeze` takes it from whoever has it, `inward` goes on while nobody has it, `commit` gives
 * it to the other side: the one point of no return. `abort` goes back while nobody has it, up to where it came from.
 * `plain` leaves it.
 */
export type StepKind = 'plain' | 'freeze' | 'inward' | 'commit' | 'abort';

/** The kind of a step, read off the table of states. @throws TypeError for two states that no step joins */
export function kindOf(from: StateName, to: StateName): StepKind {
  if (!nextTo(from).includes(to)) throw new TypeError(`No step leads from ${from} to ${to}.`);
  const { leader, phase, forward, back } = states[from];
  if (leader !== null) return states[to].leader === null ? 'freeze' : 'plain';
  // A rollback goes through the table the other way.
  if (to !== (phase === 'cutover' ? forward : back)) return 'abort';
  return states[to].leader === null ? 'inward' : 'commit';
}

/** Only while the time of the freeze lasts, or only when it is over, but for the coordinator. */
const limits: Readonly<Partial<Record<StepKind, { isFrozen: boolean; outcome: StepOutcome }>>> = {
  commit: { isFrozen: true, outcome: 'late' },
  abort: { isFrozen: false, outcome: 'early' },
};

/** Why a step is not taken from the row as it stands; null: it is. */
export function objection(control: Control, request: StepRequest, hasForeign: boolean): StepOutcome | null {
  const { from, to, actor } = request;
  if (control.state !== from.state || control.epoch !== from.epoch) return 'lost';
  if (from.state === 'legacy' && hasForeign) return 'foreign';
  const kind = kindOf(from.state, to);
  const limit = limits[kind];
  const isFrozen = (control.frozenLeftMs ?? 0) > 0;
  if (limit === undefined || limit.isFrozen === isFrozen) return null;
  return kind === 'abort' && control.coordinator === actor ? null : limit.outcome;
}

/** What a step does to the row besides state and epoch; what is undefined is left as it is. */
export interface Effects {
  readonly coordinator: string | null | undefined;
  /** From now on; null: nothing is frozen any more. */
  readonly frozenForMs: number | null | undefined;
  readonly verification: null | undefined;
  readonly isRollbackReady: boolean | undefined;
}

/** @throws TypeError for a budget that is missing, or one too many */
export function effectsOf({ from, to, actor, budgetMs }: StepRequest): Effects {
  const kind = kindOf(from.state, to);
  if (kind === 'freeze' ? !isDuration(budgetMs) : budgetMs !== undefined)
    throw new TypeError(
      'A step that freezes has a budget of whole milliseconds above zero, and no other step has one.',
    );
  const { leader } = states[to];
  const ofFreeze =
    leader !== null
      ? { coordinator: null, frozenForMs: null }
      : { coordinator: kind === 'abort' ? undefined : actor, frozenForMs: budgetMs };
  const isAnew = kind === 'commit' || to === 'legacy';
  return {
    ...ofFreeze,
    verification: isAnew ? null : undefined,
    isRollbackReady: isAnew || to === 'final' ? kind === 'commit' && leader === 'target' : undefined,
  };
}

/** A count of milliseconds that PostgreSQL and timers can hold. */
export function isDuration(ms: number | undefined): ms is number {
  return Number.isInteger(ms) && (ms as number) > 0 && (ms as number) < 2 ** 31;
}

/** Whether a rollback can be ready there: the target leads, or led before it was frozen, and the old store is kept. */
export function hasRollback(state: StateName): boolean {
  const { phase } = states[state];
  return phase === 'postgres-primary' || phase === 'rollback';
}
