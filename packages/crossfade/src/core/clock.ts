import { setTimeout as sleep } from 'node:timers/promises';

/** What time it is, and waiting. A simulation has one of its own. */
export interface Clock {
  /** Monotonic, in milliseconds; where it starts says nothing. */
  nowMs(): number;
  /**
   * Resolves when the time is over, or at once when the signal is aborted. A process does not stay alive for what only
   * waits.
   */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** That of the process, which no change of the time of day moves. */
export const processClock: Clock = {
  nowMs: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined),
};
