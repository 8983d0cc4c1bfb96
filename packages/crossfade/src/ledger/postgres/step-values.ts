import type { StepRequest } from '../contract.ts';
import { effectsOf, kindOf } from '../steps.ts';

/** The values of the statement `step`, in its order. */
export function stepValues(group: string, id: string, request: StepRequest): (string | null)[] {
  const { from, to, actor, commit, facts = {} } = request;
  const { coordinator, frozenForMs, verification, isRollbackReady } = effectsOf(request);
  const kept = (value: unknown): string => String(value === undefined);
  const orNull = (value: string | number | boolean | null = null): string | null =>
    value === null ? null : String(value);
  const where = [group, String(from.epoch), from.state, to, String(kindOf(from.state, to) === 'commit')];
  const freeze = [kept(coordinator), orNull(coordinator), kept(frozenForMs), orNull(frozenForMs)];
  const findings = [kept(verification), orNull(isRollbackReady)];
  return [...where, ...freeze, ...findings, actor, commit, id, JSON.stringify(facts)];
}
