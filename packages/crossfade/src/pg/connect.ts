import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { remember, sessionOf } from './connection.ts';
import { failure } from './failure.ts';
import { connectFailure, type Opened, open } from './open.ts';
import { noticeLostClient, settingStatements } from './session.ts';
import type { Target } from './target.ts';

export { isPooled } from './connection.ts';
export { query, snapshot, transaction } from './transaction.ts';

/** Long enough for a server that is waking up, short enough to be waited for. */
export const connectTimeoutMs = 10_000;

/** The oldest PostgreSQL that is tested, as server_version_num counts. */
const serverVersionMin = 140_000;

/** What one connection is for. */
export interface ConnectOptions {
  /** Shown in pg_stat_activity. Default `crossfade`. */
  readonly application?: string;
  /** Longest time of one statement, kept by the server and, a little later, by us. Default none: loads are long. */
  readonly statementTimeoutMs?: number;
  /** Ends the connection: what is in flight fails with E_INTERRUPTED, and the server rolls back. */
  readonly signal?: AbortSignal;
  /** `read` also accepts a standby and a role that may only read. Default `write`. */
  readonly access?: 'read' | 'write';
  /** Statements are sent without waiting for the answers of those before. No transactions and no COPY then. */
  readonly pipeline?: boolean;
}

/**
 * Opens one connection, ready for use: session settings in place, version, encoding and access checked. Every value
 * comes back as PostgreSQL's text or null, booleans as `t` and `f`. A connection that dies fails the query in flight
 * and never the process. End it with {@link disconnect}.
 *
 * Behind a transaction pooler the settings hold inside {@link transaction} only, since there is no session to set.
 *
 * @throws CrossfadeError E_TARGET_UNREACHABLE, E_TARGET_LOGIN, E_TARGET_TLS, E_TARGET_VERSION, E_TARGET_ENCODING,
 * E_TARGET_REFUSED (read-only), E_INTERRUPTED
 */
export async function connect(target: Target, options: ConnectOptions = {}): Promise<pg.Client> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 0;
  const limitMs = target.connectTimeoutMs ?? connectTimeoutMs;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), limitMs);
  const signals = [deadline.signal, options.signal].filter((signal) => signal !== undefined);
  let opened: Opened | undefined;
  try {
    opened = await open(target, {
      application: options.application ?? 'crossfade',
      // Ours is the second line: it counts when the server cannot say any more that the time is over.
      answerTimeoutMs: statementTimeoutMs > 0 ? statementTimeoutMs + 5_000 : 0,
      signal: AbortSignal.any(signals),
      pipeline: options.pipeline === true,
    });
    await prepare(opened, target, options, statementTimeoutMs);
    return opened.client;
  } catch (error) {
    opened?.socket.destroy();
    if (deadline.signal.aborted) throw silent(target, limitMs);
    throw connectFailure(error, target);
  } finally {
    clearTimeout(timer);
  }
}

async function prepare(
  { client, socket }: Opened,
  target: Target,
  options: ConnectOptions,
  statementTimeoutMs: number,
): Promise<void> {
  // Qualified, and without an operator: the role's own search path still holds here.
  const { rows } = await client.query<Record<'pid' | 'version' | 'encoding' | 'readonly', string>>(`SELECT
    pg_catalog.pg_backend_pid() AS pid,
    pg_catalog.current_setting('server_version_num') AS version,
    pg_catalog.current_setting('server_encoding') AS encoding,
    pg_catalog.current_setting('transaction_read_only') AS readonly`);
  const found = rows[0];
  if (found === undefined) throw new TypeError('one row expected');
  check(found, target, options.access ?? 'write');

  // A pooler makes up the process id that it tells at login.
  const pooled = found.pid !== String((client as unknown as { processID: number | null }).processID);
  const prelude = pooled ? settingStatements('transaction', statementTimeoutMs) : null;
  remember(client, { socket, pooled, prelude });
  if (pooled) return;
  await client.query(settingStatements('session', statementTimeoutMs).text);
  await client.query(noticeLostClient.text).catch((error: unknown) => {
    if (failure(error, 'set up the session').facts.sqlstate !== '22023') throw error;
  });
}

function check(
  found: { version: string; encoding: string; readonly: string },
  target: Target,
  access: 'read' | 'write',
): void {
  const refuse = (
    code: 'E_TARGET_VERSION' | 'E_TARGET_ENCODING' | 'E_TARGET_REFUSED',
    what: string,
    next: string,
  ): never => {
    throw new CrossfadeError(code, `Could not use ${target.display}: ${what}. Nothing was written. ${next}`);
  };
  if (Number(found.version) < serverVersionMin) {
    refuse(
      'E_TARGET_VERSION',
      `the server is PostgreSQL ${Math.floor(Number(found.version) / 10_000)}`,
      'Use PostgreSQL 14 or newer.',
    );
  }
  if (found.encoding !== 'UTF8') {
    refuse(
      'E_TARGET_ENCODING',
      `the database is encoded in ${found.encoding}`,
      "Create one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
    );
  }
  if (access === 'write' && found.readonly === 'on') {
    refuse(
      'E_TARGET_REFUSED',
      'it is a standby, or the role may only read',
      'Name the primary server, or a role that may write.',
    );
  }
}

function silent(target: Target, limitMs: number): CrossfadeError {
  const fix = 'Check host, port, network and firewall, or allow more time with connect_timeout.';
  return new CrossfadeError(
    'E_TARGET_UNREACHABLE',
    `Could not connect to ${target.display}: the server was not ready within ${limitMs / 1000} s. ${fix}`,
  );
}

/** Ends a connection, politely if the server answers within two seconds. Never throws; may be called twice. */
export async function disconnect(client: pg.Client): Promise<void> {
  const { socket } = sessionOf(client);
  const timer = setTimeout(() => socket.destroy(), 2_000);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}
