import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { refuseForeign } from '../../drivers/postgres/live/objects.ts';
import { Pool, type PoolOptions } from '../../drivers/postgres/pool.ts';
import { ask, inTransaction } from '../../drivers/postgres/statement.ts';
import { migrate } from '../../migrate/migrate.ts';
import { tableNames } from '../../migrate/tables.ts';
import { connect } from '../../pg/connect.ts';
import type { Target } from '../../pg/target.ts';
import { PostgresLedger } from './ledger.ts';

/** Where the ledger is, and how it is reached. */
export interface LedgerOptions {
  readonly target: Target;
  /** Default one connection, and four more while it is in use: the ledger waits for nobody's queries but its own. */
  readonly pool?: PoolOptions;
  /** How long a verb tries to get its locks. Default 30 s. */
  readonly lockWaitMs?: number;
  /** Longest time of one statement. Default 30 s. */
  readonly statementTimeoutMs?: number;
}

/** The ledger's own migrations, which lie beside this file's folder also in the package. */
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

/** Of the ledger, and of what keeps its version: tables of the same schema, so that an application's own are another's. */
const ownNames: readonly string[] = ['ledger_', ...Object.values(tableNames)];

/**
 * Opens the control ledger of a database. Its tables lie in the schema `crossfade`, and are made or brought up to this
 * release by numbered migrations; any number of processes may open it at once.
 *
 * @throws CrossfadeError what `connect` and `migrate` throw: E_MIGRATION_MISSING where a newer release was there;
 * E_TARGET_RIGHTS where the schema or something in it belongs to a role that this one cannot trust
 */
export async function openLedger(options: LedgerOptions): Promise<PostgresLedger> {
  return open(options, async (client, pool) => {
    await inTransaction(client, () => refuseForeign(client, ownNames)).finally(() => pool.release(client));
    await migrate({ folder: migrationsFolder, target: options.target, schema: 'crossfade' });
  });
}

/**
 * Opens a ledger that is there, and makes none. @throws CrossfadeError E_GROUP_MISSING where there is none; else as
 * {@link openLedger}
 */
export async function openExisting(options: LedgerOptions): Promise<PostgresLedger> {
  return open(options, async (client, pool) => {
    const asked = { name: null, text: "SELECT to_regclass('crossfade.ledger_keeper') IS NOT NULL" };
    const { rows } = await ask(client, asked, []).finally(() => pool.release(client));
    if (rows[0]?.[0] !== 't')
      throw new CrossfadeError(
        'E_GROUP_MISSING',
        `${options.target.display} has no ledger of crossings. Nothing was done. Look whether this is the right database, or start the application that opens its store with crossfade().`,
      );
  });
}

async function open(
  options: LedgerOptions,
  prepare: (client: pg.Client, pool: Pool) => Promise<void>,
): Promise<PostgresLedger> {
  const { target, pool: limits, statementTimeoutMs = 30_000, lockWaitMs } = options;
  const settings = { application: 'crossfade ledger', statementTimeoutMs };
  const pool = new Pool(() => connect(target, settings), { maximum: 1, overflow: 4, ...limits });
  await pool.open();
  try {
    await prepare(await pool.acquire(), pool);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return new PostgresLedger(pool, lockWaitMs);
}
