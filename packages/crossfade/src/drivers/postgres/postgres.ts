import type pg from 'pg';
import { connect } from '../../pg/connect.ts';
import type { Target } from '../../pg/target.ts';
import type { Collections, Key, Row } from '../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../store/contract.ts';
import { notLive } from '../../store/supports.ts';
import { attempt } from './attempt.ts';
import { makeChanges, type Opened, updateRecord } from './make-changes.ts';
import { openTables, type TablesOption } from './open-tables.ts';
import { Pool, type PoolOptions, type PoolStatistics } from './pool.ts';
import { type Asked, told } from './refusals.ts';
import { scanText } from './scan-statement.ts';
import { askAlone } from './statement.ts';
import { type Verbs, verbsOf } from './verbs.ts';

/** Where the records are, and how they are reached. */
export interface PostgresDriverOptions {
  readonly target: Target;
  /** The PostgreSQL schema of the tables. Default `public`. */
  readonly schema?: string;
  /** `expect` (default): tables that are missing or do not fit refuse the opening. `create`: missing ones are made. */
  readonly tables?: TablesOption;
  readonly pool?: PoolOptions;
  /** Longest time of one statement. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Shown in pg_stat_activity. Default `crossfade-store`. */
  readonly application?: string;
}

/** What a PostgreSQL driver can be asked beyond the contract. */
export interface PostgresDriver extends Driver {
  readonly pool: { readonly statistics: PoolStatistics };
}

/**
 * Records as rows of PostgreSQL: a table a collection, a column a field. Every write is committed when it resolves.
 *
 * A write whose answer is lost throws E_OUTCOME_UNKNOWN and is never made again by itself; what cannot have been done
 * is tried again on another connection.
 */
export function postgresDriver(options: PostgresDriverOptions): PostgresDriver {
  const { target, schema = 'public', tables: tablesOption = 'expect', statementTimeoutMs = 30_000 } = options;
  const pool = new Pool(
    () => connect(target, { application: options.application ?? 'crossfade-store', statementTimeoutMs }),
    options.pool,
  );
  let opened: Opened = { verbs: new Map(), keys: new Map(), isOrderFree: false };
  const verbsFor = (collection: string): Verbs => opened.verbs.get(collection) as Verbs;

  const call = async <T>(asked: Asked, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    try {
      return await attempt(pool, asked.did === 'read', work);
    } catch (error) {
      throw told(error, asked, opened.keys);
    }
  };
  const open = async (collections: Collections): Promise<void> => {
    await pool.open();
    const client = await pool.acquire();
    try {
      const { tables, ...found } = await openTables(client, schema, collections, tablesOption);
      opened = { verbs: verbsOf(tables), ...found };
      pool.release(client);
    } catch (error) {
      pool.release(client);
      await pool.close();
      throw error;
    }
  };

  return {
    name: 'postgres',
    supports: {
      atomic: true,
      update: true,
      orderedScan: true,
      constraints: true,
      durable: 'machine',
      writers: 'many',
      ...notLive,
    },
    pool,
    open,
    close: () => pool.close(),
    read: (collection: string, key: Key) =>
      call({ collection, did: 'read' }, async (client) => {
        const { table, read } = verbsFor(collection);
        const { rows } = await askAlone(client, read, table.parametersOf(table.shape.key, key));
        return rows.length === 0 ? null : table.rowOf(rows[0]);
      }),
    scan: (collection: string, scan: DriverScan) =>
      call({ collection, did: 'read' }, async (client): Promise<Row[]> => {
        const { table, named } = verbsFor(collection);
        const { text, values } = scanText(table, scan);
        const { rows } = await askAlone(client, named(text), values);
        return rows.map((cells) => table.rowOf(cells));
      }),
    write: (changes: readonly DriverChange[]) =>
      call({ collection: changes[0].collection, did: 'written' }, (client) => makeChanges(client, opened, changes)),
    update: (collection: string, key: Key, change) =>
      call({ collection, did: 'written' }, (client) => updateRecord(client, opened, { collection, key }, change)),
  };
}
