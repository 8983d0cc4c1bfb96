import { type Sql, join, name, quoted, sql, trusted } from './sql.ts';

/**
 * What every session of ours is set to, whatever the role, database or server sets. Values then look the same
 * everywhere, no function is found by a path that another user can write to, and nothing ends a long load by the clock.
 */
const settings: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  // 1 and above prints the shortest text that reads back as the same double.
  extra_float_digits: '1',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  // A reader of a table otherwise starts where another one is just reading, and rows come out of order.
  synchronize_seqscans: 'off',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // Waiting for somebody's lock must end some time; no lock of a healthy neighbour lasts this long.
  lock_timeout: '30s',
};

/** `transaction` of a setting ends with the transaction: the only one that does not leak through a pooler. */
export type SettingScope = 'session' | 'transaction';

/**
 * The statements that put the settings in place, as one text for one round trip. The search path comes first, by SET,
 * which looks nothing up: from then on plain names mean pg_catalog. Settings that a version lacks are passed over, and
 * synchronous_commit is raised from off only, since a commit that a crash can undo is no commit to report. Nothing here
 * reads pg_settings, which is slow to make, and a small move has time for little else than connecting.
 */
export function settingStatements(scope: SettingScope, statementTimeoutMs: number): Sql {
  const local = trusted(scope === 'transaction' ? 'true' : 'false');
  const wanted = Object.entries({ ...settings, statement_timeout: String(statementTimeoutMs) });
  const rows = wanted.map(([key, value]) => sql`(${quoted(key)}, ${quoted(value)})`);
  return join(
    [
      trusted(scope === 'transaction' ? 'SET LOCAL search_path = pg_catalog' : 'SET search_path = pg_catalog'),
      sql`SELECT set_config(w.name, w.value, ${local}) FROM (VALUES ${join(rows)}) AS w (name, value)
        WHERE current_setting(w.name, true) IS NOT NULL`,
      sql`SELECT set_config('synchronous_commit', 'on', ${local}) WHERE current_setting('synchronous_commit') = 'off'`,
    ],
    '; ',
  );
}

/** Settings that came with a later server than the oldest one. */
const since: Readonly<Record<string, number>> = { transaction_timeout: 170_000 };

/**
 * The same settings for one transaction as plain SET LOCAL, without a look into pg_settings: for transactions that are
 * many and small. `lock_timeout` is the caller's, and the search path is pg_catalog until the caller sets another.
 *
 * @param serverVersion as server_version_num counts
 */
export function localSettings(serverVersion: number): Sql {
  const own = Object.entries(settings).filter(([key]) => key !== 'lock_timeout' && serverVersion >= (since[key] ?? 0));
  return join(
    [
      trusted('SET LOCAL search_path = pg_catalog'),
      ...own.map(([key, value]) => sql`SET LOCAL ${name(key.toLowerCase())} = ${quoted(value)}`),
      trusted('SET LOCAL statement_timeout = 0'),
      trusted(
        "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'",
      ),
    ],
    '; ',
  );
}

/**
 * Lets the server notice within seconds that we are gone, so that the CREATE INDEX of a killed run does not hold its
 * locks against the run that continues. Not every system can do it: sent apart, and allowed to fail.
 */
export const noticeLostClient: Sql = trusted("SELECT set_config('client_connection_check_interval', '2s', false)");
