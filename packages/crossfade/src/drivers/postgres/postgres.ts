import type pg from 'pg';
import type { Key, Row } from '../../schema/collection.ts';
import type { DriverChange, DriverScan, LiveDriver } from '../../store/contract.ts';
import { withinLife } from '../../store/live/within-life.ts';
import { database } from '../../store/supports.ts';
import { liveOf } from './live/live.ts';
import { makeChanges, updateRecord } from './make-changes.ts';
import type { PostgresDriverOptions } from './options.ts';
import type { PoolStatistics } from './pool.ts';
import { scanText } from './scan-statement.ts';
import { Sessions } from './sessions.ts';
import { askAlone } from './statement.ts';
import type { Verbs } from './verbs.ts';

export type { PostgresDriverOptions } from './options.ts';

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
  const sessions = new Sessions(options);
  const verbsFor = (collection: string): Verbs => sessions.opened.verbs.get(collection) as Verbs;
  return withinLife({
    name: 'postgres',
    supports: database,
    ...liveOf(sessions.place()),
    pool: sessions.pool,
    open: (collections) => sessions.open(collections),
    close: () => sessions.close(),
    read: (collection: string, key: Key) => {
      const { table, read } = verbsFor(collection);
      const look = async (client: pg.Client): Promise<Row | null> => {
        const { rows } = await askAlone(client, read, table.parametersOf(table.shape.key, key));
        return rows.length === 0 ? null : table.rowOf(rows[0]);
      };
      return sessions.call({ collection, did: 'read' }, look, sessions.lane);
    },
    scan: (collection: string, scan: DriverScan) =>
      sessions.call({ collection, did: 'read' }, async (client): Promise<Row[]> => {
        const { table, named } = verbsFor(collection);
        const { text, values } = scanText(table, scan);
        const { rows } = await askAlone(client, named(text), values);
        return rows.map((cells) => table.rowOf(cells));
      }),
    write: (changes: readonly DriverChange[]) =>
      sessions.call({ collection: changes[0].collection, did: 'written' }, (client) =>
        makeChanges(client, sessions.opened, changes),
      ),
    update: (collection: string, key: Key, change) =>
      sessions.call({ collection, did: 'written' }, (client) =>
        updateRecord(client, sessions.opened, { collection, key }, change),
      ),
  });
}
