import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import type { Connections } from './pool.ts';
import { StatementFailure } from './statement.ts';

/** Attempts of one call. A conflict means that somebody else got on, so there may be many. */
const attemptsMax = { conflict: 20, lost: 3, stale: 2 } as const;

/** The pause before the first repetition, at the least; it doubles, up to a limit, and half of it is chance. */
const pauseMs = { first: 4, longest: 256 } as const;

/** Thrown by work that met a record that somebody else has just made: it is to begin anew. */
export class Overtaken extends Error {}

/** Why a call may simply be made again, since nothing of it is there; null where it may not. */
function reasonToRepeat(error: unknown, isRead: boolean): keyof typeof attemptsMax | null {
  if (error instanceof Overtaken) return 'conflict';
  if (!(error instanceof StatementFailure)) return null;
  if (error.isLost) return error.mayBeDone && !isRead ? null : 'lost';
  return repeated[error.sqlstate] ?? null;
}

const repeated: Readonly<Record<string, keyof typeof attemptsMax>> = {
  '40001': 'conflict',
  '40P01': 'conflict',
  // The table was changed, or the session emptied, behind a prepared statement: another connection prepares it anew.
  '0A000': 'stale',
  '26000': 'stale',
};

/**
 * Runs `work` on a connection of the pool, and again on another one while nothing of it can have been done.
 *
 * @param isRead it does nothing, and may be done twice
 * @throws StatementFailure as `work` does; CrossfadeError E_STORE_BUSY; what `connect` throws. Nothing is done then,
 * unless the failure says that it may be.
 */
export async function attempt<T>(
  pool: Connections,
  isRead: boolean,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    const client = await connectionFor(pool, round);
    let isBroken = false;
    try {
      return await work(client);
    } catch (error) {
      const reason = reasonToRepeat(error, isRead);
      isBroken = reason === 'stale' || (error instanceof StatementFailure && error.isLost);
      if (reason === null) throw error;
      if (round >= attemptsMax[reason]) throw reason === 'conflict' ? tooBusy(round) : error;
    } finally {
      pool.release(client, isBroken);
    }
    await sleep(pauseBefore(round));
  }
}

/** Behind a lost connection the way to the server may be broken for a moment: a new one is asked for twice. */
async function connectionFor(pool: Connections, round: number): Promise<pg.Client> {
  const idle = pool.take();
  if (idle !== undefined) return idle;
  if (round === 1) return pool.acquire();
  return pool.acquire().catch(async () => {
    await sleep(pauseBefore(round));
    return pool.acquire();
  });
}

function pauseBefore(round: number): number {
  const full = Math.min(pauseMs.first * 2 ** round, pauseMs.longest);
  return randomInt(full / 2, full);
}

function tooBusy(attempts: number): CrossfadeError {
  return new CrossfadeError(
    'E_STORE_BUSY',
    `Others wrote the same records all the time, ${attempts} attempts long. Nothing was written. Try again later.`,
    { attempts },
  );
}
