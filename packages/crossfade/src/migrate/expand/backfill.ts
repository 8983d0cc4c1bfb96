import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { connect, disconnect, query } from '../../pg/connect.ts';
import { interrupted } from '../../pg/failure.ts';
import { join, name as ident, qualified, type Sql, sql, trusted } from '../../pg/sql.ts';
import type { Target } from '../../pg/target.ts';
import { pause, pauseMs } from '../retry.ts';
import { type Patience, patiently } from './patience.ts';
import { beginBackfill, type BackfillState, definitionDigest, storeProgress } from './progress.ts';
import { oldestLockWaitMs, replicationLagMs } from './strain.ts';

/** A change of all rows of a table, in small transactions. */
export interface BackfillOptions extends Patience {
  readonly target: Target;
  /** Default `public`. */
  readonly schema?: string;
  readonly table: string;
  /** NOT NULL columns of a unique index, in its order. */
  readonly key: readonly string[];
  /** Column → SQL expression over the row, as a migration would say it: it is run as it stands. */
  readonly set: Readonly<Record<string, string>>;
  /** SQL condition of the rows that still want it. With it, a second run changes nothing. */
  readonly where?: string;
  /** Under which progress is kept. Default: the table and the columns. */
  readonly name?: string;
  /** Rows that one transaction looks at. Default 1,000; halved by itself when a batch takes longer than the statement limit. */
  readonly batchRows?: number;
  /** Between two batches. Default 0. */
  readonly pauseMs?: number;
  /** Waits while a standby is further behind. Default 10,000. */
  readonly maxLagMs?: number;
  /** Where the lag is to be had, if not from pg_stat_replication. */
  readonly lagMs?: () => Promise<number>;
  /** Waits while any statement of the database has waited longer for a lock. Default 1,000. */
  readonly maxLockWaitMs?: number;
  /** Forget stored progress and begin at the first key. */
  readonly restart?: boolean;
  readonly onProgress?: (progress: BackfillProgress) => void;
}

/** How far a backfill is. */
export interface BackfillProgress {
  /** Rows changed, those of interrupted runs included. */
  readonly rows: bigint;
  readonly batches: number;
  /** Of this run. */
  readonly rowsPerSecond: number;
  readonly retries: number;
  /** Time in which this run waited for a lagging standby or for others' locks. */
  readonly waitedMs: number;
}

const strainPause = { firstMs: limits.backfillStrainPauseMs, longestMs: limits.backfillStrainPauseMs };

/**
 * Changes the rows of a table in ranges of its key, each in a transaction of its own that also stores how far it came,
 * so that a run that was stopped goes on behind its last batch, and one that has finished does nothing. Rows that are
 * written meanwhile behind its back are the business of a trigger: see {@link dualColumns}.
 *
 * @throws CrossfadeError E_USAGE, E_MIGRATION_BUSY, E_INTERRUPTED and those of the connection
 */
export async function backfill(options: BackfillOptions): Promise<BackfillProgress> {
  const client = await connect(options.target, {
    application: 'crossfade backfill',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await new Backfill(client, options).run();
  } finally {
    await disconnect(client);
  }
}

class Backfill {
  private readonly client: pg.Client;
  private readonly options: BackfillOptions;
  private readonly schema: string;
  private readonly name: string;
  private readonly doing: string;
  private batchRows: number;
  private rows = 0n;
  private batches = 0;
  private retries = 0;
  private waitedMs = 0;
  private changed = 0;
  private readonly startedAt = performance.now();

  constructor(client: pg.Client, options: BackfillOptions) {
    this.client = client;
    this.options = options;
    this.schema = options.schema ?? 'public';
    this.name = options.name ?? `${this.schema}.${options.table}: ${Object.keys(options.set).join(', ')}`;
    this.doing = `backfill ${this.schema}.${options.table}`;
    this.batchRows = options.batchRows ?? limits.backfillRows;
    const isEmpty = options.key.length === 0 || Object.keys(options.set).length === 0;
    if (isEmpty || !Number.isInteger(this.batchRows) || this.batchRows < 1)
      throw new TypeError('A backfill needs a key, a SET, and batches of at least one row.');
  }

  async run(): Promise<BackfillProgress> {
    const { client, options, schema, name } = this;
    const { table, key, set, where } = options;
    const types = await keyTypes(client, schema, table, key);
    const definition = definitionDigest([schema, table, key, Object.entries(set), where ?? null]);
    const begun = await patiently(client, this.doing, options, () =>
      beginBackfill(client, schema, name, definition, options.restart ?? false),
    );
    let state = begun.result;
    this.rows = state.rows;
    while (!state.finished) {
      await this.untilCalm();
      state = await this.batch(state, types);
      options.onProgress?.(this.progress());
      if (!state.finished && (options.pauseMs ?? 0) > 0) await pause(options.pauseMs ?? 0, options.signal);
    }
    return this.progress();
  }

  /** One range of keys. A batch that the statement limit ended is tried again with half as many rows. */
  private async batch(state: BackfillState, types: readonly Sql[]): Promise<BackfillState> {
    try {
      const { result, retries } = await patiently(
        this.client,
        this.doing,
        this.options,
        () => this.range(state, types),
        this.schema,
      );
      this.batches++;
      this.retries += retries;
      this.changed += Number(result.rows - state.rows);
      this.rows = result.rows;
      return result;
    } catch (error) {
      const isTooLong = error instanceof CrossfadeError && error.facts.sqlstate === '57014' && this.batchRows > 1;
      if (this.options.signal?.aborted === true) throw interrupted(this.doing);
      if (!isTooLong) throw error;
      this.batchRows = Math.ceil(this.batchRows / 2);
      this.retries++;
      return state;
    }
  }

  private async range(state: BackfillState, types: readonly Sql[]): Promise<BackfillState> {
    const { client, schema, options } = this;
    const table = qualified(schema, options.table);
    const columns = options.key.map((column) => ident(column));
    const row = (keys: readonly string[]): Sql => join(keys.map((value, i) => sql`${value}::text::${types[i]}`));
    const behind = state.lastKey === null ? sql`true` : sql`(${join(columns)}) > (${row(state.lastKey)})`;
    const texts = join(columns.map((column, i) => sql`${column}::text AS ${ident(`k${i}`)}`));
    const down = join(columns.map((column) => sql`${column} DESC`));
    const ends = await query(
      client,
      sql`SELECT ${texts} FROM (SELECT ${join(columns)} FROM ${table} WHERE ${behind} ORDER BY ${join(columns)} LIMIT ${this.batchRows}) AS batch ORDER BY ${down} LIMIT 1`,
      this.doing,
    );
    const end = ends.rows[0];
    const lastKey = end === undefined ? state.lastKey : options.key.map((_, i) => end[`k${i}`] as string);
    const rows =
      end === undefined || lastKey === null
        ? 0
        : await this.update(behind, sql`(${join(columns)}) <= (${row(lastKey)})`);
    const after = { lastKey, rows, finished: end === undefined };
    await storeProgress(client, schema, this.name, state.lastKey, after);
    return { lastKey, rows: state.rows + BigInt(rows), finished: after.finished };
  }

  private async update(behind: Sql, upTo: Sql): Promise<number> {
    const { set, where, table } = this.options;
    const sets = join(
      Object.entries(set).map(([column, expression]) => sql`${ident(column)} = ${trusted(`(${expression}\n)`)}`),
    );
    const wanted = where === undefined ? sql`true` : trusted(`(${where}\n)`);
    const { rowCount } = await query(
      this.client,
      sql`UPDATE ${qualified(this.schema, table)} SET ${sets} WHERE ${behind} AND ${upTo} AND ${wanted}`,
      this.doing,
    );
    return rowCount ?? 0;
  }

  /** Lets standbys and waiting statements of others catch up. */
  private async untilCalm(): Promise<void> {
    const { options, client } = this;
    const isStrained = async (): Promise<boolean> =>
      (await (options.lagMs ?? (() => replicationLagMs(client)))()) > (options.maxLagMs ?? limits.backfillLagMs) ||
      (await oldestLockWaitMs(client)) > (options.maxLockWaitMs ?? limits.backfillLockWaitMs);
    while (await isStrained()) {
      const startedAt = performance.now();
      await pause(pauseMs(1, strainPause), options.signal);
      this.waitedMs += performance.now() - startedAt;
      options.onProgress?.(this.progress());
    }
  }

  private progress(): BackfillProgress {
    const seconds = (performance.now() - this.startedAt) / 1000;
    return {
      rows: this.rows,
      batches: this.batches,
      rowsPerSecond: seconds === 0 ? 0 : this.changed / seconds,
      retries: this.retries,
      waitedMs: Math.round(this.waitedMs),
    };
  }
}

/** The types of the key's columns as SQL; PostgreSQL itself writes and quotes them. */
async function keyTypes(client: pg.Client, schema: string, table: string, key: readonly string[]): Promise<Sql[]> {
  const { rows } = await query<{ name: string; type: string; required: string }>(
    client,
    sql`SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${schema} AND c.relname = ${table} AND a.attnum > 0 AND NOT a.attisdropped`,
    'read the columns of a table',
  );
  return key.map((column) => {
    const found = rows.find(({ name }) => name === column);
    if (found?.required === 't') return trusted(found.type);
    throw new CrossfadeError(
      'E_USAGE',
      `${schema}.${table} has no NOT NULL column ${JSON.stringify(column)}, so it cannot be walked by that key. Nothing was changed. Name the columns of its primary key.`,
      { schema, table, column },
    );
  });
}
