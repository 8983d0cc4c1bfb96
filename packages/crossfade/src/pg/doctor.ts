import { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect, isPooled, query, transaction } from './connect.ts';
import { settingFindings } from './doctor-settings.ts';
import type { Finding } from './finding.ts';
import { ident, sql } from './sql.ts';
import { isLocal, isSocket, type Target } from './target.ts';
import { tlsInUse } from './tls.ts';
export type { Finding } from './finding.ts';

/**
 * Looks at everything a move depends on, without moving anything and without writing anywhere. An ordinary role sees
 * all of it. Null for the target looks at this machine alone. Never throws for what it finds: a server that cannot be
 * reached is a finding.
 */
export async function doctor(target: Target | null, options: { readonly schema?: string } = {}): Promise<Finding[]> {
  const here = [nodeFinding(process.versions.node), sqliteFinding()];
  return target === null ? here : [...here, ...(await serverFindings(target, options.schema ?? 'public'))];
}

/** Node 22.18 is the first that runs TypeScript and has node:sqlite, both without a flag. */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fine = major > 22 || (major === 22 && minor >= 18);
  return {
    area: 'node',
    ok: fine ? 'ok' : 'bad',
    what: `Node ${version}.`,
    fix: fine ? '' : 'Use Node 22.18 or newer.',
  };
}

/** Doubles that need all 17 digits, or are at an end of the range. */
const probes = [0.1 + 0.2, 1 / 3, 5e-324, Number.MAX_VALUE, 123456789.12345679];

function sqliteFinding(): Finding {
  const database = new DatabaseSync(':memory:');
  try {
    const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.version);
    const print = database.prepare('SELECT CAST(? AS TEXT) AS text');
    const exact = probes.every((value) => Number(print.get(value)?.text) === value);
    const printing = exact
      ? 'prints reals exactly'
      : 'prints reals with 15 digits, so the bytes of each double are read instead';
    return { area: 'sqlite', ok: 'ok', what: `SQLite ${version} in node:sqlite; it ${printing}.`, fix: '' };
  } finally {
    database.close();
  }
}

async function serverFindings(target: Target, schema: string): Promise<Finding[]> {
  let client: pg.Client | undefined;
  try {
    client = await connect(target, { application: 'crossfade doctor', access: 'read', statementTimeoutMs: 30_000 });
    const found = await transaction(client, (open) => inspect(open, schema), 'read');
    return [...found, tlsFinding(target, client), ...poolFinding(client), ...(target.warnings ?? []).map(warning)];
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error;
    return [{ area: error.code === 'E_TARGET_TLS' ? 'tls' : 'server', ok: 'bad', what: error.message, fix: '' }];
  } finally {
    if (client !== undefined) await disconnect(client);
  }
}

async function inspect(client: pg.Client, schema: string): Promise<Finding[]> {
  const { rows } = await query(
    client,
    sql`SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
          current_database() AS database, current_user AS role, pg_is_in_recovery() AS standby,
          (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') AS readonly,
          (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
          has_database_privilege(current_database(), 'CREATE') AS create_schema,
          (SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
             FROM pg_namespace WHERE nspname = ${schema}) AS create_table,
          pg_size_pretty(pg_database_size(current_database())) AS size,
          (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used`,
    'look at the server',
  );
  const settings = await query<{ name: string; value: string }>(
    client,
    sql`SELECT name, reset_val AS value FROM pg_settings`,
    'read the settings of the server',
  );
  const row = rows[0] ?? {};
  const byName = new Map(settings.rows.map(({ name, value }) => [name, value]));
  return [
    {
      area: 'server',
      ok: 'ok',
      what: `PostgreSQL ${row.version}, database "${row.database}" in ${row.encoding}, ${row.size} large.`,
      fix: '',
    },
    ...rightFindings(row, schema),
    ...settingFindings(byName, row.role ?? '', Number(row.used)),
  ];
}

function rightFindings(row: Record<string, string | null>, schema: string): Finding[] {
  const role = row.role ?? '';
  const findings: Finding[] = [];
  const bad = (what: string, fix: string): void => void findings.push({ area: 'rights', ok: 'bad', what, fix });
  if (row.standby === 't') bad('The server is a standby and takes no writes.', 'Name the primary server.');
  else if (row.readonly === 'on')
    bad(
      `Transactions of role "${role}" are read-only by default.`,
      `ALTER ROLE ${ident(role)} RESET default_transaction_read_only;`,
    );
  if (row.create_schema !== 't') {
    bad(
      `Role "${role}" may not create a schema, and rows are built in one of their own before they are published.`,
      `GRANT CREATE ON DATABASE ${ident(row.database ?? '')} TO ${ident(role)};`,
    );
  }
  if (row.create_table === 'f') {
    bad(
      `Role "${role}" may not create tables in schema "${schema}".`,
      `GRANT USAGE, CREATE ON SCHEMA ${ident(schema)} TO ${ident(role)};`,
    );
  }
  if (findings.length > 0) return findings;
  const extra = row.superuser === 't' ? ', and is a superuser, which a move does not need' : '';
  return [
    {
      area: 'rights',
      ok: 'ok',
      what: `Role "${role}" may create schemas, and tables in "${schema}"${extra}.`,
      fix: '',
    },
  ];
}

function tlsFinding(target: Target, client: pg.Client): Finding {
  const tls = tlsInUse((client.connection as unknown as { stream: unknown }).stream);
  if (tls !== null) {
    const trust =
      target.tls === 'verify-full'
        ? 'certificate and name checked'
        : tls.verified
          ? 'certificate checked'
          : 'certificate not checked';
    return { area: 'tls', ok: 'ok', what: `${tls.protocol} with ${tls.cipher}; ${trust}.`, fix: '' };
  }
  const local = isLocal(target.hostAddress ?? target.host);
  const what = `No TLS: ${isSocket(target.host) ? 'a Unix socket' : local ? 'the connection stays on this machine' : 'everything is readable on the way'}.`;
  return { area: 'tls', ok: local ? 'ok' : 'bad', what, fix: local ? '' : 'Use sslmode=verify-full.' };
}

function poolFinding(client: pg.Client): Finding[] {
  if (!isPooled(client)) return [];
  const what = 'A pooler stands before the server, where session settings and session locks do not hold.';
  return [{ area: 'server', ok: 'warn', what, fix: 'Name the server itself for a move.' }];
}

function warning(what: string): Finding {
  return { area: what.startsWith('TLS') ? 'tls' : 'server', ok: 'warn', what, fix: '' };
}
