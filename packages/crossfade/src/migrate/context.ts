import type pg from 'pg';
import { limits } from '../core/limits.ts';
import { connect, disconnect, isPooled } from '../pg/connect.ts';
import { localSettings } from '../pg/session.ts';
import { type Sql, join, name, quoted, sql, trusted } from '../pg/sql.ts';
import type { Target } from '../pg/target.ts';
import type { Migrations } from './files.ts';
import type { Script } from './model.ts';
import { type ParsedStatement, parseStatements } from './statements.ts';
import type { History } from './history.ts';
import { type Tables, lockKey } from './tables.ts';
import { refuseUnfit, type Way, withoutOwnTransaction } from './unfit.ts';

/** What a run may be told about its patience; all in milliseconds. */
export interface Patience {
  /** How long one statement queues for a lock. Default `limits.migrationLockMs`. */
  readonly lockTimeoutMs?: number;
  /** Default `limits.migrationLockTries`. */
  readonly lockTries?: number;
  /** How long to wait for another run. Default `limits.migrationRunWaitMs`. */
  readonly runWaitMs?: number;
  /** Default `limits.migrationLeaseMs`. */
  readonly leaseMs?: number;
}

/** What happens during a run, told as it happens. */
export type Note = (line: string) => void;

/** Everything that the steps of one run share. */
export interface Context {
  readonly target: Target;
  /** Idle between two steps; never inside a file that runs without a transaction. {@link reconnect} puts another here. */
  client: pg.Client;
  readonly pooled: boolean;
  readonly tables: Tables;
  readonly migrations: Migrations;
  readonly patience: Required<Patience>;
  readonly key: bigint;
  readonly serverVersion: number;
  readonly checkInterval: string;
  /** Who, for the history. */
  readonly by: string;
  readonly note: Note;
  readonly signal: AbortSignal | undefined;
  /** The statements of a file, parsed and found fit once. */
  readonly statements: (script: Script) => Promise<readonly ParsedStatement[]>;
}

/** What {@link contextOf} puts together. */
export type Parts = Pick<Context, 'target' | 'client' | 'tables' | 'migrations' | 'by' | 'note' | 'signal'> & {
  readonly patience: Patience;
  readonly history: History;
};

/** Fills in the defaults. */
export function contextOf({ patience, history, ...parts }: Parts): Context {
  const way = { pooled: isPooled(parts.client), schema: parts.tables.schema };
  const parsed = new Map<string, Promise<readonly ParsedStatement[]>>();
  return {
    ...parts,
    pooled: way.pooled,
    patience: {
      lockTimeoutMs: patience.lockTimeoutMs ?? limits.migrationLockMs,
      lockTries: patience.lockTries ?? limits.migrationLockTries,
      runWaitMs: patience.runWaitMs ?? limits.migrationRunWaitMs,
      leaseMs: patience.leaseMs ?? limits.migrationLeaseMs,
    },
    key: lockKey(history.database, parts.tables.schema),
    serverVersion: history.serverVersion,
    checkInterval: history.checkInterval,
    statements: (script) => {
      const known = parsed.get(script.path) ?? parseFit(script, way);
      parsed.set(script.path, known);
      return known;
    },
  };
}

async function parseFit(script: Script, way: Way): Promise<readonly ParsedStatement[]> {
  const parsed = await parseStatements(script.sql, script.path);
  const statements = script.transactional ? withoutOwnTransaction(parsed) : parsed;
  refuseUnfit(script, statements, way);
  return statements;
}

/** Puts a new connection in the place of one that broke. @throws CrossfadeError those of connecting */
export async function reconnect(context: Context): Promise<void> {
  const broke = context.client;
  context.client = await connectAgain(context);
  await disconnect(broke);
}

/** Another connection to the same server, with what the run's own has. */
export function connectAgain({ target, signal }: Context): Promise<pg.Client> {
  return connect(target, { application: 'crossfade migrate', ...(signal && { signal }) });
}

/** `SET LOCAL lock_timeout`, or for the session. */
export function lockLimit(ms: number, scope: 'LOCAL' | 'SESSION' = 'LOCAL'): Sql {
  return sql`SET ${trusted(scope)} lock_timeout = ${quoted(`${Math.max(1, Math.round(ms))}ms`)}`;
}

/**
 * Where the plain names of a file lead: to the schema of the migrations, then to public, where extensions usually are.
 * The role's own search path does not count, so that a file means the same whoever runs it.
 */
export function filePath({ tables }: Context, scope: 'LOCAL' | 'SESSION' = 'LOCAL'): Sql {
  const names = [...new Set([tables.schema, 'public'])].map((schema) => name(schema));
  return sql`SET ${trusted(scope)} search_path = ${join(names)}`;
}

/** Opens a transaction of ours: known settings, then the lock that one run at a time holds until the transaction ends. */
export function lockStatements({ serverVersion, patience, key }: Context): Sql {
  return join(
    [
      localSettings(serverVersion),
      lockLimit(patience.runWaitMs),
      sql`SELECT pg_catalog.pg_advisory_xact_lock(${trusted(String(key))})`,
    ],
    '; ',
  );
}
