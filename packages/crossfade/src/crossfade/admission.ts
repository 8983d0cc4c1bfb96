import { CrossfadeError } from '../core/errors.ts';
import type { Break } from '../ledger/continuity.ts';
import { type State, type StateName, states } from '../ledger/states.ts';

/** What an instance knows when a call comes. */
export interface Known {
  readonly group: string;
  /** Of the last answer that followed from those before it. */
  readonly name: StateName;
  readonly isLeaseValid: boolean;
  /** Why answers of the ledger do not follow any more; null: they do. */
  readonly broken: Break | null;
}

/** Why a call does not go to a store for now. */
export type Objection = 'frozen' | 'lease' | 'broken';

/**
 * Whether a write may go to the leader of this state; null: it may.
 *
 * An instance out of reach goes on where the source leads and no step can pass it by: up to `shadow` each step waits for
 * every instance. From `armed` on it stops with its lease. While the target leads, the fence in the transaction of each
 * write knows better than any lease, but not whether the target has lost what it acknowledged: so nothing is written
 * behind a break.
 */
export function writeObjection({ name, isLeaseValid, broken }: Known): Objection | null {
  const { writes, leader } = states[name];
  if (broken !== null && !isSteadfast(states[name])) return 'broken';
  if (writes === 'none' || leader === null) return 'frozen';
  return writes === 'leased' && !isLeaseValid ? 'lease' : null;
}

/**
 * Whether a read may be answered in this state; null: it may. From `armed` on the store that is read may follow by now,
 * unless the lease says that it does not.
 */
export function readObjection({ name, isLeaseValid, broken }: Known): Objection | null {
  const state = states[name];
  if (isSteadfast(state)) return null;
  if (broken !== null) return 'broken';
  return isLeaseValid ? null : 'lease';
}

/**
 * Who leads goes on leading, whatever the ledger says: no step passes by an instance of this state, or none leads away
 * from it, and there is no other store any more to be compared with.
 */
function isSteadfast({ leader, writes, forward }: State): boolean {
  return (leader === 'source' && writes === 'open') || forward === null;
}

/** What a caller is told; each of them may simply try again. */
export function refusalOf(objection: Objection, { group, name, broken }: Known): CrossfadeError {
  const [code, why] = reasons[objection];
  return new CrossfadeError(code, `${group}: ${why} Nothing was done.`, {
    group,
    state: name,
    ...(broken !== null && { broken }),
  });
}

const reasons = {
  frozen: [
    'E_CROSSING_FROZEN',
    'nobody leads for the moment, and the time that a write waits is over. Try again when the cutover or rollback has ended.',
  ],
  lease: [
    'E_LEASE_ENDED',
    'the control ledger was not reached in time, so another instance may be ahead of this one. Try again when it answers.',
  ],
  broken: [
    'E_LEDGER_BROKEN',
    'the control ledger has gone back, or another server answers for it, so what it says is not acted by. Verify both stores, then accept what it says.',
  ],
} as const;

/** An instance that takes part no more. */
export function over(instance: string, why: string, cause?: unknown): CrossfadeError {
  return new CrossfadeError(
    'E_INSTANCE_OVER',
    `The instance ${instance} ${why}. Nothing was done. Let it stop, and register another in its place.`,
    { instance },
    cause === undefined ? undefined : { cause },
  );
}
