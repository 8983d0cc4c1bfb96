import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect, query } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import type { Target } from '../pg/target.ts';

/** A server notices within moments that a killed client is gone; so long a second run waits for that. */
const attempts = 40;
const pauseMs = 250;

/**
 * Holds the one right to work in a load schema. The lock belongs to a transaction, not to a session, so that it also
 * holds through a transaction pooler; its connection does nothing else. Throws E_TARGET_BUSY.
 */
export async function lockTarget(target: Target, loadSchema: string): Promise<() => Promise<void>> {
  const client = await connect(target, { application: 'crossfade lock' });
  const key = createHash('sha256').update(loadSchema).digest().readBigInt64BE();
  try {
    await query(client, sql`BEGIN`, 'begin the transaction of the lock');
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { rows } = await query<{ held: string }>(
        client,
        sql`SELECT pg_catalog.pg_try_advisory_xact_lock(${key}) AS held`,
        'take the lock of the move',
      );
      if (rows[0].held === 't') return () => disconnect(client);
      await sleep(pauseMs);
    }
  } catch (error) {
    await disconnect(client);
    throw error;
  }
  await disconnect(client);
  throw new CrossfadeError(
    'E_TARGET_BUSY',
    'Another move of this source into this schema is running. Nothing was done. Wait for it to finish.',
    { loadSchema },
  );
}
