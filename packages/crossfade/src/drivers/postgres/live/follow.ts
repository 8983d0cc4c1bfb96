import type pg from 'pg';
import { takenRefusal } from '../../../store/live/led.ts';
import { StatementFailure } from '../statement.ts';
import { run } from './place.ts';

/** What another store leads, as the steps that make it. */
export interface Following {
  readonly put: () => Promise<void>;
  /** Returns how many records that were, without those that went with them. */
  readonly remove: () => Promise<number>;
  /** How many records are put. */
  readonly count: number;
  /** How many of them are there. */
  readonly held: () => Promise<number>;
  /** What stands at the keys that no removal may touch, the same for the same: nobody else changes it from then on. */
  readonly kept: () => Promise<string | null>;
  /** For messages. */
  readonly collection: string;
}

/** A unique set or an exclusion refuses a row because of another one. */
const takenStates = ['23505', '23P01'];

/**
 * Makes what another store leads, within the transaction of the caller: the puts first, since ON DELETE takes along what
 * refers to a record when that is removed, and the puts may have parted it from there.
 *
 * Where a unique set or an exclusion counts at once and refuses that, the removals come first, unless they take along a record that is
 * to stay. Returns how many were removed.
 *
 * @param isOrderFree no constraint counts before the end of the transaction
 * @throws StatementFailure; CrossfadeError E_REFERENCE where a removal would take along what was put or is kept
 */
export async function follow(client: pg.Client, isOrderFree: boolean, following: Following): Promise<number> {
  if (isOrderFree) return putsFirst(following);
  await run(client, 'SAVEPOINT crossfade_follow');
  try {
    return await putsFirst(following);
  } catch (error) {
    if (!(error instanceof StatementFailure) || !takenStates.includes(error.sqlstate)) throw error;
    await run(client, 'ROLLBACK TO SAVEPOINT crossfade_follow');
    return removalsFirst(following, error);
  }
}

async function putsFirst({ put, remove, count, held, kept, collection }: Following): Promise<number> {
  await put();
  const before = await kept();
  const removed = await remove();
  if (removed > 0 && ((await held()) < count || (await kept()) !== before)) throw takenRefusal(collection);
  return removed;
}

async function removalsFirst({ put, remove, held, kept }: Following, refused: StatementFailure): Promise<number> {
  const before = { held: await held(), kept: await kept() };
  const removed = await remove();
  if ((await held()) < before.held || (await kept()) !== before.kept) throw refused;
  await put();
  return removed;
}
