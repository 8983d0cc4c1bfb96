import type pg from 'pg';
import { connect, isPooled } from '../../pg/connect.ts';
import type { Target } from '../../pg/target.ts';
import type { Collections, Key, Row } from '../../schema/collection.ts';
import type { DriverChange, DriverScan, LiveDriver } from '../../store/contract.ts';
import { database } from '../../store/supports.ts';
import { attempt } from './attempt.ts';
import { liveOf } from './live/live.ts';
import { makeChanges, type Opened, updateRecord } from './make-changes.ts';
import { openTables, type TablesOption } from './open-tables.ts';
import { type Connections, Pool, type PoolOptions, type PoolStatistics } from './pool.ts';
import { ReadLane } from './read-lane.ts';
import { type Asked, told } from './refusals.ts';
import { scanText } from './scan-statement.ts';
import { snapshot } from './snapshot.ts';
import { askAlone, inTransaction, statementNames } from './statement.ts';
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
export interface PostgresDriver extends LiveDriver {
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
  const settings = { application: options.application ?? 'crossfade-store', statementTimeoutMs };
  const pool = new Pool(() => connect(target, settings), options.pool);
  const lane = new ReadLane(pool, () => connect(target, { ...settings, pipeline: true }));
  let opened: Opened = {
    tables: new Map(),
    verbs: new Map(),
    keys: new Map(),
    isOrderFree: false,
    named: statementNames(),
  };
  const verbsFor = (collection: string): Verbs => opened.verbs.get(collection) as Verbs;

  const call = async <T>(
    asked: Asked,
    work: (client: pg.Client) => Promise<T>,
    connections: Connections = pool,
  ): Promise<T> => {
    try {
      return await attempt(connections, asked.did === 'read' || asked.isRepeatable === true, work);
    } catch (error) {
      throw told(error, asked, opened.keys);
    }
  };
  const toldRead = (error: unknown): unknown => told(error, { collection: schema, did: 'read' }, opened.keys);
  const live = liveOf({
    schema,
    opened: () => opened,
    change: (kind, work) =>
      call({ collection: schema, did: 'written', isRepeatable: kind === 'repeatable' }, (client) =>
        inTransaction(client, () => work(client)),
      ),
    read: (text, values) =>
      call({ collection: schema, did: 'read' }, (client) => askAlone(client, opened.named(text), values)),
    snapshot: (work) => snapshot(pool, work, toldRead),
    told: toldRead,
  });
  const open = async (collections: Collections): Promise<void> => {
    await pool.open();
    const client = await pool.acquire();
    try {
      const found = await openTables(client, schema, collections, tablesOption);
      const named = statementNames();
      lane.isAllowed = !isPooled(client);
      opened = { verbs: verbsOf(found.tables, named), named, ...found };
      pool.release(client);
    } catch (error) {
      pool.release(client);
      await pool.close();
      throw error;
    }
  };

  return {
    name: 'postgres',
    supports: database,
    ...live,
    pool,
    open,
    close: async () => {
      await lane.close();
      await pool.close();
    },
    read: (collection: string, key: Key) => {
      const { table, read } = verbsFor(collection);
      const look = async (client: pg.Client): Promise<Row | null> => {
        const { rows } = await askAlone(client, read, table.parametersOf(table.shape.key, key));
        return rows.length === 0 ? null : table.rowOf(rows[0]);
      };
      return call({ collection, did: 'read' }, look, lane);
    },
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
