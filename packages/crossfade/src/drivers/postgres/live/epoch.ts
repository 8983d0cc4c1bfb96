import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import { makeObjects } from './objects.ts';
import { isMissing, type LivePlace, run } from './place.ts';

/**
 * Begins an epoch for the collections of the store. Their rows are locked by who writes for an epoch, so that nobody of
 * an earlier one is under way when this has returned. @throws CrossfadeError E_FENCED for one that is over
 */
export async function beginEpoch(client: pg.Client, { schema, opened }: LivePlace, epoch: bigint): Promise<void> {
  await makeObjects(client);
  const { rows } = await run(
    client,
    `INSERT INTO crossfade.store_mirror AS begun (place, collection, epoch)
      SELECT $1, name, $3::bigint FROM unnest($2::text[]) AS own (name) ORDER BY name
      ON CONFLICT (place, collection) DO UPDATE SET epoch = greatest(begun.epoch, EXCLUDED.epoch) RETURNING epoch`,
    [schema, [...opened().tables.keys()], String(epoch)],
  );
  const last = latest(rows);
  if (last !== epoch) throw notTheEpoch(schema, epoch, last);
}

/** Keeps the epoch from ending until the transaction does. @throws CrossfadeError E_FENCED unless it began last */
export async function checkEpoch(client: pg.Client, { schema, opened }: LivePlace, epoch: bigint): Promise<void> {
  const text = `SELECT epoch FROM crossfade.store_mirror WHERE place = $1 AND collection = ANY ($2::text[])
    ORDER BY collection FOR SHARE`;
  const { rows } = await run(client, text, [schema, [...opened().tables.keys()]]).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return { rows: [] };
  });
  const last = latest(rows);
  if (last !== epoch) throw notTheEpoch(schema, epoch, last);
}

function latest(rows: readonly (readonly (string | null)[])[]): bigint | null {
  const epochs = rows.map(([epoch]) => BigInt(epoch as string));
  return epochs.length === 0 ? null : epochs.reduce((a, b) => (a > b ? a : b));
}

function notTheEpoch(schema: string, epoch: bigint, last: bigint | null): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${schema}: epoch ${epoch} is not the one that mirrors here${last === null ? '' : `, which is ${last}`}. Nothing was written. Look who leads before going on.`,
    { schema, epoch, last },
  );
}
