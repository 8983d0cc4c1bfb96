import { CrossfadeError } from '../../core/errors.ts';
import type { FenceState } from './fence.ts';

/** A fence in the way of the writes of one process, which asks it before each. */
export class EpochFence {
  private readonly store: string;
  private now: FenceState;

  /** @param store names it in messages @param state what it was when the process began */
  constructor(store: string, state: FenceState = { epoch: null, isSet: false }) {
    this.store = store;
    this.now = state;
  }

  get state(): FenceState {
    return this.now;
  }

  /** What it is to be when this epoch turns it; whoever keeps it makes it last before {@link take}. @throws CrossfadeError E_FENCED for an epoch that is over */
  turned(epoch: bigint, isSet: boolean): FenceState {
    const { epoch: last, isSet: wasSet } = this.now;
    if (last !== null && (epoch < last || (epoch === last && isSet && !wasSet)))
      throw new CrossfadeError(
        'E_FENCED',
        `${this.store}: epoch ${epoch} comes too late for the fence, which epoch ${last} has turned. Nothing was changed. Look who leads before going on.`,
        { store: this.store, epoch, last },
      );
    return { epoch, isSet };
  }

  take(state: FenceState): void {
    this.now = state;
  }

  /** @throws CrossfadeError E_FENCED while it is set */
  refuse(): void {
    if (!this.now.isSet) return;
    throw new CrossfadeError(
      'E_FENCED',
      `${this.store}: the store is fenced while the lead passes to another store. Nothing was written. Try again when that has ended; the write may then belong to the other store.`,
      { store: this.store },
    );
  }
}
