import { setTimeout as sleep } from 'node:timers/promises';

/** What time it is, and waiting. A simulation has one of its own. */
export interface Clock {
  /** Monotonic, in milliseconds; where it starts says nothing. */
  nowMs(): number;
  /** Resolves when the time is over, or at once when the signal is aborted. A process stays alive for it. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** The same; a process that has nothing else to do ends. */
  idle(ms: number, signal?: AbortSignal): Promise<void>;
}

/** That of the process, which no change of the time of day moves. */
export const processClock: Clock = {
  nowMs: () => performance.now(),
  wait: (ms, signal) => timer(ms, true, signal),
  idle: (ms, signal) => timer(ms, false, signal),
};

function timer(ms: number, ref: boolean, signal?: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { ref, ...(signal && { signal }) }).catch(() => undefined);
}
