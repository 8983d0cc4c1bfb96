import type { Clock } from '../core/clock.ts';

/** Wakes those who wait for something to change. Who has waited for long enough is forgotten. */
export class News {
  private readonly clock: Clock;
  private readonly waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  announce(): void {
    for (const wake of this.waiting) wake();
  }

  /** Resolves with the next announcement, or when the time is over. */
  async next(ms: number): Promise<void> {
    const given = new AbortController();
    const wake = (): void => given.abort();
    this.waiting.add(wake);
    await this.clock.wait(ms, given.signal);
    this.waiting.delete(wake);
  }
}
