import { type Awaitable, isPromise } from '../store/awaitable.ts';

/** The calls under way, by the epoch in which they began. */
export class Calls {
  private readonly underWay = new Map<Promise<unknown>, bigint>();

  /** Runs a call, which is under way until it has answered. */
  run<T>(epoch: bigint, call: () => Awaitable<T>): Awaitable<T> {
    const answer = call();
    // What has ended already is not under way.
    if (!isPromise(answer)) return answer;
    const ended = (): void => void this.underWay.delete(answer);
    this.underWay.set(answer, epoch);
    answer.then(ended, ended);
    return answer;
  }

  /** Whether a call is under way that began before this epoch. */
  hasBefore(epoch: bigint): boolean {
    for (const began of this.underWay.values()) if (began < epoch) return true;
    return false;
  }

  /** Resolves when those of now have ended, one way or the other. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.underWay.keys());
  }
}
