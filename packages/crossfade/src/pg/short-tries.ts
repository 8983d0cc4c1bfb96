import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait of one try for a lock. Whoever comes behind us in its queue waits no longer than that. */
const lockTimeoutMs = 200;
/** Every so many tries one is longer: a vacuum at work gives way to those alone who wait a second. */
const patientTry = { each: 8, lockTimeoutMs: 1_500 } as const;
/** How long the tries go on. */
const triesMsDefault = 30_000;

/**
 * Runs `work`, which takes locks that others hold for long, again and again while it is busy, with a pause of chance
 * between: so that nobody stands behind it for long. The last error of busyness is passed on.
 *
 * @param work gets the lock_timeout of this try
 */
export async function inShortTries<T>(
  work: (lockTimeoutMs: number) => Promise<T>,
  isBusy: (error: unknown) => boolean,
  triesMs: number = triesMsDefault,
): Promise<T> {
  const deadline = performance.now() + triesMs;
  for (let round = 1; ; round++) {
    try {
      return await work(round % patientTry.each === 0 ? patientTry.lockTimeoutMs : lockTimeoutMs);
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await sleep(randomInt(20, lockTimeoutMs));
  }
}
