import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { query } from '../../pg/connect.ts';
import { name, sql } from '../../pg/sql.ts';

/** Names of throwaways begin so: then comes the time of their making, in seconds since 1970, and a random part. */
export const scratchPrefix = 'crossfade_drift_';

/** No build takes so long without a connection to its throwaway. */
const leftoverAgeSeconds = 3_600;

/** A new name; the time is the server's, because leftovers are judged by its clock. */
export async function scratchName(client: pg.Client): Promise<string> {
  const { rows } = await query(
    client,
    sql`SELECT trunc(extract(epoch FROM clock_timestamp()))::bigint AS now`,
    'ask for the time',
  );
  return `${scratchPrefix}${rows[0]?.now ?? '0'}_${randomBytes(8).toString('hex')}`;
}

/**
 * Removes the throwaway databases that killed runs have left: ours by name, an hour old, and with nobody connected.
 *
 * @returns the names of those that this role may not drop
 */
export async function removeLeftovers(client: pg.Client): Promise<string[]> {
  const { rows } = await query<{ name: string }>(
    client,
    sql`SELECT d.datname AS name FROM pg_database d
      WHERE d.datname ~ ${`^${scratchPrefix}[0-9]{9,11}_[0-9a-f]{16}$`}
        AND split_part(substr(d.datname, ${scratchPrefix.length + 1}), '_', 1)::bigint
          < extract(epoch FROM clock_timestamp()) - ${leftoverAgeSeconds}
        AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
      ORDER BY 1`,
    'look for what killed runs have left',
  );
  const left: string[] = [];
  for (const each of rows) {
    // Without FORCE: whoever has connected since is not ours to throw out.
    const dropped = query(client, sql`DROP DATABASE IF EXISTS ${name(each.name)}`, 'drop a leftover');
    await dropped.catch(() => left.push(each.name));
  }
  return left;
}
