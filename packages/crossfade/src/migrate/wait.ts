import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { connect } from '../pg/connect.ts';
import type { Target } from '../pg/target.ts';
import { pause, pauseMs } from './retry.ts';

/** How patient a start is. */
export interface WaitOptions {
  /** Default `limits.waitTries`; 1 does not wait. */
  readonly waitTries?: number;
  /** Default `limits.waitBackoffMs`. */
  readonly waitBackoffMs?: number;
  /** Told before each pause, with one line. */
  readonly onWait?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A server that is not there, or not ready, may come. A refused password, database or certificate will not mend itself. */
const worthWaiting: readonly string[] = ['E_TARGET_UNREACHABLE', 'E_TARGET_LOST'];

/**
 * Connects, and waits for a database that comes up later than its service.
 *
 * @throws CrossfadeError the last reason after `waitTries`; at once where waiting does not help
 */
export async function connectWhenReady(target: Target, options: WaitOptions): Promise<pg.Client> {
  const tries = options.waitTries ?? limits.waitTries;
  const backoff = { firstMs: options.waitBackoffMs ?? limits.waitBackoffMs, longestMs: limits.waitBackoffMaxMs };
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(target, {
        application: 'crossfade migrate',
        ...(options.signal && { signal: options.signal }),
      });
    } catch (error) {
      const found = error as CrossfadeError;
      if (!worthWaiting.includes(found.code)) throw error;
      if (attempt >= tries) throw gaveUp(found, tries);
      const ms = pauseMs(attempt, backoff);
      options.onWait?.(
        `Waiting for the database, try ${attempt} of ${tries}, the next in ${(ms / 1000).toFixed(1)} s. ${found.message}`,
      );
      await pause(ms, options.signal);
    }
  }
}

function gaveUp(reason: CrossfadeError, tries: number): CrossfadeError {
  if (tries <= 1) return reason;
  return new CrossfadeError(reason.code, `${reason.message} It was tried ${tries} times; nothing was run.`, {
    ...reason.facts,
    tries,
  });
}
