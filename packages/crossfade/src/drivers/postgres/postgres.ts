import type pg from 'pg';
import { connect } from '../../pg/connect.ts';
import type { Target } from '../../pg/target.ts';
import type { Collections, Key, Row } from '../../schema/collection.ts';
import type { Driver, DriverChange, DriverScan } from '../../store/contract.ts';
import { refusal, refusalWords } from '../../store/refusal.ts';
import { attempt, Overtaken } from './attempt.ts';
import { type OpenTables, openTables, type TablesOption } from './open-tables.ts';
import { Pool, type PoolOptions, type PoolStatistics } from './pool.ts';
import { told } from './refusals.ts';
import { scanText } from './scan-statement.ts';
import { inLockOrder, settled } from './settle.ts';
import { ask, askAlone, inTransaction, StatementFailure } from './statement.ts';
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
  let opened: OpenTables = { tables: new Map(), keys: new Map(), isOrderFree: false };
  let verbs: ReadonlyMap<string, Verbs> = new Map();
  const verbsFor = (collection: string): Verbs => verbs.get(collection) as Verbs;

  const call = async <T>(
    collection: string,
    did: 'read' | 'written',
    work: (client: pg.Client) => Promise<T>,
  ): Promise<T> => {
    try {
      return await attempt(pool, did === 'read', work);
    } catch (error) {
      throw told(error, { collection, did }, opened.keys);
    }
  };
  const make = async (run: typeof ask, client: pg.Client, change: DriverChange): Promise<void> => {
    const { statement, values } = verbsFor(change.collection).change(change);
    const { count } = await run(client, statement, values);
    if (change.kind === 'patch' && count === 0)
      throw refusal('E_KEY_MISSING', change.collection, refusalWords.E_KEY_MISSING);
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
    },
    pool,
    open: async (collections: Collections) => {
      await pool.open();
      try {
        const client = await pool.acquire();
        try {
          opened = await openTables(client, schema, collections, tablesOption);
        } finally {
          pool.release(client);
        }
      } catch (error) {
        await pool.close();
        throw error;
      }
      verbs = verbsOf(opened.tables);
    },
    close: () => pool.close(),
    read: (collection: string, key: Key) =>
      call(collection, 'read', async (client) => {
        const { table, read } = verbsFor(collection);
        const { rows } = await askAlone(client, read, table.parametersOf(table.shape.key, key));
        return rows.length === 0 ? null : table.rowOf(rows[0]);
      }),
    scan: (collection: string, scan: DriverScan) =>
      call(collection, 'read', async (client): Promise<Row[]> => {
        const { table, named } = verbsFor(collection);
        const { text, values } = scanText(table, scan);
        const { rows } = await askAlone(client, named(text), values);
        return rows.map((cells) => table.rowOf(cells));
      }),
    write: (changes: readonly DriverChange[]) =>
      call(changes[0].collection, 'written', async (client) => {
        const wanted = opened.isOrderFree ? inLockOrder(settled(changes)) : settled(changes);
        if (wanted.length === 1) return make(askAlone, client, wanted[0]);
        return inTransaction(client, async () => {
          for (const change of wanted) await make(ask, client, change);
        });
      }),
    update: (collection: string, key: Key, change) =>
      call(collection, 'written', (client) =>
        inTransaction(client, async () => {
          const { table, readForUpdate } = verbsFor(collection);
          const { rows } = await ask(client, readForUpdate, table.parametersOf(table.shape.key, key));
          const wanted = change(rows.length === 0 ? null : table.rowOf(rows[0]));
          if (wanted === null) return;
          if (rows.length > 0 || wanted.kind !== 'put') return make(ask, client, wanted);
          // A record that is not there cannot be locked. An insert meets whoever makes it meanwhile; a put would replace theirs.
          await make(ask, client, { ...wanted, kind: 'insert' }).catch((error: unknown) => {
            const isMade = error instanceof StatementFailure && error.sqlstate === '23505';
            throw isMade && opened.keys.get(collection)?.has(String(error.facts.constraint)) ? new Overtaken() : error;
          });
        }),
      ),
  };
}
