/** Measures phases that follow one another, in seconds. The clock is monotonic: the machine's time may jump meanwhile. */
export class Stopwatch<Phase extends string> {
  private readonly seconds: Record<Phase, number>;
  private readonly started = performance.now();

  constructor(phases: readonly Phase[]) {
    this.seconds = Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;
  }

  /** Runs `work` and adds its time to the phase, whether it succeeds or not. */
  async time<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[phase] += (performance.now() - from) / 1000;
    }
  }

  /** The phases so far, and all of the time since the beginning, to the millisecond. */
  read(): Record<Phase | 'total', number> {
    const total = (performance.now() - this.started) / 1000;
    const entries = Object.entries<number>({ ...this.seconds, total }).map(([phase, seconds]) => [
      phase,
      Math.round(seconds * 1000) / 1000,
    ]);
    return Object.fromEntries(entries) as Record<Phase | 'total', number>;
  }
}
