import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from '../pg/failure.ts';

/** Pauses that grow. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

const dice = (): number => randomInt(2 ** 32) / 2 ** 32;

/** The pause after the nth try (from 1): doubled each time, and at random down to half, so that many do not come at once. */
export function pauseMs(attempt: number, { firstMs, longestMs }: Backoff, random: () => number = dice): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return whole * (0.5 + random() / 2);
}

/** Waits, unless told to stop. @throws CrossfadeError E_INTERRUPTED */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {
    throw interrupted('wait');
  });
}
