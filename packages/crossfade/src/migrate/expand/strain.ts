import type pg from 'pg';
import { query } from '../../pg/connect.ts';
import { sql } from '../../pg/sql.ts';

/** How far the slowest standby is behind, in ms; 0 without one. The role needs pg_monitor to see it. */
export async function replicationLagMs(client: pg.Client): Promise<number> {
  const { rows } = await query<{ lag: string }>(
    client,
    sql`SELECT coalesce(max(extract(epoch FROM greatest(write_lag, flush_lag, replay_lag))) * 1000, 0)::bigint AS lag FROM pg_stat_replication`,
    'ask for the replication lag',
  );
  return Number(rows[0]?.lag ?? 0);
}

/** For how long the oldest waiting statement of this database has waited for its lock, in ms; 0 when none waits. */
export async function oldestLockWaitMs(client: pg.Client): Promise<number> {
  const { rows } = await query<{ wait: string }>(
    client,
    sql`SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)) * 1000, 0)::bigint AS wait
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE NOT l.granted AND a.datname = current_database()`,
    'ask for waiting locks',
  );
  return Number(rows[0]?.wait ?? 0);
}
