import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect, query, transaction } from '../pg/connect.ts';
import { failure } from '../pg/failure.ts';
import { type Sql, join, quoted, sql, trusted } from '../pg/sql.ts';
import type { Context } from './context.ts';
import type { Step } from './goal.ts';
import { takeLock, together } from './locked.ts';
import { number } from './record.ts';

/**
 * The right to run one file without a transaction: a row with an owner that expires by the server's clock unless it is
 * renewed. An advisory lock would have to be held by an open transaction, behind a pooler, and CREATE INDEX
 * CONCURRENTLY waits for every open transaction: also for that one.
 */
export class Lease {
  readonly #context: Context;
  readonly #owner = randomUUID();
  readonly #onLost: () => void;
  #client: pg.Client;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<void> = Promise.resolve();
  #aliveAt = performance.now();
  #isLost = false;

  /** @param onLost called once when the lease cannot be held: what runs under it must end */
  constructor(context: Context, onLost: () => void) {
    this.#context = context;
    this.#client = context.client;
    this.#onLost = onLost;
  }

  /** To be sent within the locked transaction that sets dirty: the two become visible together. */
  taking({ migration, direction }: Step, statements: number): Sql {
    const { tables, by } = this.#context;
    const values = [
      sql`true`,
      quoted(this.#owner),
      quoted(by),
      this.#expiry(),
      number(migration.version),
      quoted(migration.name),
      quoted(direction),
      sql`0, ${number(BigInt(statements))}, 1, NULL`,
    ];
    return sql`DELETE FROM ${tables.lease}; INSERT INTO ${tables.lease}
      (single, owner, holder, expires_at, version, name, direction, statement, statements, line, sqlstate) VALUES (${join(values)})`;
  }

  /** Begins to renew; after the transaction with {@link taking} was committed. */
  hold(): void {
    this.#aliveAt = performance.now();
    this.#timer = setInterval(() => {
      this.#renewal = this.#renewal.then(() => this.#renew());
    }, this.#context.patience.leaseMs / 4);
  }

  /** Whether the lease could not be held: then whatever else failed has this reason. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Writes down which statement comes next, so that a killed run can be told apart; also proves that the lease is ours. */
  async atStatement(statement: number, line: number): Promise<void> {
    await this.#renewal;
    await this.#update(
      sql`statement = ${trusted(String(statement))}, line = ${trusted(String(line))}, expires_at = ${this.#expiry()}`,
    );
  }

  /** Stays in the table as an account of what failed; nobody has to wait for it to expire. */
  async fail(sqlstate: string): Promise<void> {
    await this.#stop();
    await this.#update(sql`sqlstate = ${quoted(sqlstate)}, expires_at = pg_catalog.clock_timestamp()`);
  }

  /** Ends the lease and writes `records`, in one transaction, if it is still ours. */
  async release(records: readonly Sql[]): Promise<void> {
    await this.#stop();
    await transaction(this.#client, async (client) => {
      await takeLock(client, this.#context);
      const { rowCount } = await query(
        client,
        sql`DELETE FROM ${this.#context.tables.lease} WHERE owner = ${this.#owner}`,
        'end the lease of the migration',
      );
      if (rowCount !== 1) throw lost();
      await together(client, records, 'record the migration');
    });
  }

  /** Closes what the lease has opened, and stops renewing. */
  async close(): Promise<void> {
    await this.#stop();
    if (this.#client !== this.#context.client) await disconnect(this.#client);
  }

  #expiry(): Sql {
    const ms = Math.round(this.#context.patience.leaseMs);
    return sql`pg_catalog.clock_timestamp() + ${quoted(`${ms} milliseconds`)}::interval`;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#renewal;
  }

  async #update(set: Sql): Promise<void> {
    const { rowCount } = await query(
      this.#client,
      sql`UPDATE ${this.#context.tables.lease} SET ${set} WHERE owner = ${this.#owner}`,
      'renew the lease of the migration',
    );
    if (rowCount !== 1) throw lost();
    this.#aliveAt = performance.now();
  }

  /** A broken connection is opened anew as long as the lease lasts: an index of hours is worth the try. */
  async #renew(): Promise<void> {
    if (this.#timer === undefined) return;
    try {
      await this.#update(sql`expires_at = ${this.#expiry()}`);
    } catch (error) {
      const spent = performance.now() - this.#aliveAt;
      const broken =
        failure(error, 'renew the lease').code !== 'E_INTERNAL' &&
        (error as CrossfadeError).code !== 'E_MIGRATION_BUSY';
      if (!broken || spent > this.#context.patience.leaseMs * 0.75) {
        clearInterval(this.#timer);
        this.#timer = undefined;
        this.#isLost = true;
        this.#onLost();
        return;
      }
      const { target } = this.#context;
      const broke = this.#client;
      this.#client = await connect(target, { application: 'crossfade migrate lease' }).catch(() => broke);
      // The first one is the run's, which ends it.
      if (this.#client !== broke && broke !== this.#context.client) await disconnect(broke);
    }
  }
}

/** The error of a run whose lease could not be held. */
export function lost(): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_BUSY',
    'The lease of this run was lost: it could not be renewed in time, or somebody repaired the version meanwhile. What was running was ended. crossfade migrate status says where the database stands.',
  );
}
