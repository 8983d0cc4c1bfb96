import type { Clock } from '../../src/core/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on; who waits is woken in the order of time. */
export class VirtualClock implements Clock {
  private now = 0;
  private readonly sleepers = new Set<Sleeper>();

  nowMs(): number {
    return this.now;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = {
        dueMs: this.now + ms,
        wake: () => {
          this.sleepers.delete(sleeper);
          resolve();
        },
      };
      if (signal?.aborted === true) return resolve();
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  idle(ms: number, signal?: AbortSignal): Promise<void> {
    return this.wait(ms, signal);
  }

  /** Lets so much time pass; what is woken does all that it can before more time passes. */
  async pass(ms: number): Promise<void> {
    const endMs = this.now + ms;
    await settle();
    for (let next = this.next(endMs); next !== undefined; next = this.next(endMs)) {
      this.now = Math.max(this.now, next.dueMs);
      next.wake();
      await settle();
    }
    this.now = endMs;
  }

  /** Lets time pass in which this process sleeps: nobody is woken before it is over. */
  skip(ms: number): void {
    this.now += ms;
  }

  private next(endMs: number): Sleeper | undefined {
    const due = [...this.sleepers].filter(({ dueMs }) => dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

/** Until no promise has anything left to do. */
async function settle(): Promise<void> {
  await new Promise(setImmediate);
}
