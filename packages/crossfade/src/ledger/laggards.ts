import type { Instance, Members } from './contract.ts';
import { nextTo, type StateName } from './states.ts';

/** Those who act by an earlier epoch than that of the row. */
export interface Laggards {
  readonly live: readonly Instance[];
  /** Their lease has ended. Whether they may be counted out depends on the state, and on the fence of the store. */
  readonly expired: readonly Instance[];
}

/** Who has not acknowledged the epoch of the row. */
export function laggardsOf({ control, instances }: Pick<Members, 'control' | 'instances'>): Laggards {
  const lagging = instances.filter(({ ackedEpoch }) => ackedEpoch < control.epoch);
  return {
    live: lagging.filter(({ leaseLeftMs }) => leaseLeftMs > 0),
    expired: lagging.filter(({ leaseLeftMs }) => leaseLeftMs <= 0),
  };
}

/**
 * Those alive who act by a state that is more than one step away from this one. Nobody leads there yet or any more while
 * one of them does: two such instances may read from one store and write to the other.
 */
export function farFrom({ instances }: Pick<Members, 'instances'>, to: StateName): readonly Instance[] {
  const near = [to, ...nextTo(to)];
  return instances.filter(({ ackedState, leaseLeftMs }) => leaseLeftMs > 0 && !near.includes(ackedState));
}
