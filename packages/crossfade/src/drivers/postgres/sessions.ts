import type pg from 'pg';
import { connect, isPooled } from '../../pg/connect.ts';
import type { Collections } from '../../schema/collection.ts';
import { attempt } from './attempt.ts';
import type { LivePlace } from './live/place.ts';
import type { Opened } from './make-changes.ts';
import { openTables, type TablesOption, withPartitions } from './open-tables.ts';
import { type Connections, Pool } from './pool.ts';
import type { PostgresDriverOptions } from './options.ts';
import { ReadLane } from './read-lane.ts';
import { type Asked, isOfUnknownTable, told } from './refusals.ts';
import { snapshot } from './snapshot.ts';
import { askAlone, inTransaction, statementNames } from './statement.ts';
import { verbsOf } from './verbs.ts';

/** The connections of one store, what they have found, and the way of every call over them. */
export class Sessions {
  readonly pool: Pool;
  readonly lane: ReadLane;
  opened: Opened = {
    tables: new Map(),
    verbs: new Map(),
    keys: new Map(),
    isOrderFree: false,
    named: statementNames(),
  };
  private readonly schema: string;
  private readonly tablesOption: TablesOption;

  constructor(options: PostgresDriverOptions) {
    const { target, schema = 'public', tables = 'expect', statementTimeoutMs = 30_000 } = options;
    const settings = { application: options.application ?? 'crossfade-store', statementTimeoutMs };
    this.schema = schema;
    this.tablesOption = tables;
    this.pool = new Pool(() => connect(target, settings), options.pool);
    this.lane = new ReadLane(this.pool, () => connect(target, { ...settings, pipeline: true }));
  }

  async open(collections: Collections): Promise<void> {
    const { pool, lane } = this;
    await pool.open();
    const client = await pool.acquire();
    try {
      const found = await openTables(client, this.schema, collections, this.tablesOption);
      const named = statementNames();
      lane.isAllowed = !isPooled(client);
      this.opened = { verbs: verbsOf(found.tables, named), named, ...found };
      pool.release(client);
    } catch (error) {
      pool.release(client);
      await pool.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.lane.close();
    await this.pool.close();
  }

  /** Runs `work` on one of the connections, again where that is safe, with the errors of the contract. */
  async call<T>(
    asked: Asked,
    work: (client: pg.Client) => Promise<T>,
    connections: Connections = this.pool,
  ): Promise<T> {
    try {
      return await attempt(connections, asked.did === 'read' || asked.isRepeatable === true, work);
    } catch (error) {
      if (isOfUnknownTable(error, this.opened.keys)) await this.lookForPartitions();
      throw told(error, asked, this.opened.keys);
    }
  }

  /** A partition that was made since the opening refuses in its own name. Where nobody can say whose it is, that name stays. */
  private async lookForPartitions(): Promise<void> {
    const look = (client: pg.Client) => withPartitions(client, this.schema, this.opened);
    const keys = await attempt(this.pool, true, look).catch(() => this.opened.keys);
    this.opened = { ...this.opened, keys };
  }

  /** What the live protocol works with. */
  place(): LivePlace {
    const { schema: collection } = this;
    const toldRead = (error: unknown): unknown => told(error, { collection, did: 'read' }, this.opened.keys);
    return {
      schema: collection,
      opened: () => this.opened,
      change: (kind, work) =>
        this.call({ collection, did: 'written', isRepeatable: kind === 'repeatable' }, (client) =>
          inTransaction(client, () => work(client)),
        ),
      read: (text, values) =>
        this.call({ collection, did: 'read' }, (client) => askAlone(client, this.opened.named(text), values)),
      snapshot: (work) => snapshot(this.pool, work, toldRead),
      told: toldRead,
    };
  }
}
