import { hasCode } from '../core/errors.ts';
import { type Awaitable, isPromise } from '../store/awaitable.ts';

/**
 * The calls under way, by the epoch in which they began. One whose outcome nobody knows is under way until its request
 * can land no more.
 */
export class Calls {
  private readonly underWay = new Map<Promise<unknown>, bigint>();
  private readonly life: () => Promise<void>;

  /** @param life resolves when what was sent before the call can have no effect any more */
  constructor(life: () => Promise<void>) {
    this.life = life;
  }

  /** Runs a call, which is under way until it has answered. */
  run<T>(epoch: bigint, call: () => Awaitable<T>): Awaitable<T> {
    const answer = call();
    // What has ended already is not under way.
    if (!isPromise(answer)) return answer;
    const over = answer.then(
      () => undefined,
      (error: unknown) => (hasCode(error, 'E_OUTCOME_UNKNOWN') ? this.life() : undefined),
    );
    this.underWay.set(over, epoch);
    void over.then(() => this.underWay.delete(over));
    return answer;
  }

  /** Whether a call is under way that began before this epoch. */
  hasBefore(epoch: bigint): boolean {
    for (const began of this.underWay.values()) if (began < epoch) return true;
    return false;
  }

  /** Those of now began before whatever comes: their epoch was another history's. */
  predate(): void {
    for (const call of this.underWay.keys()) this.underWay.set(call, -1n);
  }

  /** Resolves when those of now are under way no more. */
  async ended(): Promise<void> {
    await Promise.all(this.underWay.keys());
  }
}
