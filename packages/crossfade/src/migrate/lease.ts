import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { query, transaction } from '../pg/connect.ts';
import { type Sql, join, quoted, sql, trusted } from '../pg/sql.ts';
import { type Context, reconnect } from './context.ts';
import type { Step } from './goal.ts';
import { takeLock, together } from './locked.ts';
import { number } from './record.ts';
import { pause, pauseMs } from './retry.ts';

/**
 * The right to run one file without a transaction: a row with an owner that expires by the server's clock unless it is
 * renewed. An advisory lock would have to be held by an open transaction, behind a pooler, and CREATE INDEX
 * CONCURRENTLY waits for every open transaction: also for that one.
 */
export class Lease {
  readonly #context: Context;
  readonly #owner = randomUUID();
  readonly #onLost: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** The last of what uses the connection: the next thing comes after it, since either may have to open it anew. */
  #last: Promise<unknown> = Promise.resolve();
  #aliveAt = performance.now();
  #isLost = false;

  /** @param onLost called once when the lease cannot be held: what runs under it must end */
  constructor(context: Context, onLost: () => void) {
    this.#context = context;
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
    this.#timer = setInterval(() => void this.#renew(), this.#context.patience.leaseMs / 4);
  }

  /** Whether the lease could not be held: then whatever else failed has this reason. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Writes down which statement comes next, so that a killed run can be told apart; also proves that the lease is ours. */
  async atStatement(statement: number, line: number): Promise<void> {
    await this.#update(
      sql`statement = ${trusted(String(statement))}, line = ${trusted(String(line))}, expires_at = ${this.#expiry()}`,
    );
  }

  /** Stays in the table as an account of what failed; nobody has to wait for it to expire. */
  async fail(sqlstate: string): Promise<void> {
    await this.close();
    await this.#update(sql`sqlstate = ${quoted(sqlstate)}, expires_at = pg_catalog.clock_timestamp()`);
  }

  /**
   * Ends the lease and writes `records`, in one transaction, if it is still ours. Where the connection breaks over it,
   * another one looks under the lock what stands: the row of the lease is there, or its COMMIT was done unheard.
   */
  async release(records: readonly Sql[]): Promise<void> {
    await this.close();
    let tried: string | null = null;
    await this.#connected((client) =>
      transaction(client, async () => {
        await takeLock(client, this.#context);
        if (tried !== null && (await isCommitted(client, tried))) return;
        tried = await transactionId(client);
        const { rowCount } = await query(
          client,
          sql`DELETE FROM ${this.#context.tables.lease} WHERE owner = ${this.#owner}`,
          'end the lease of the migration',
        );
        if (rowCount !== 1) throw lost();
        await together(client, records, 'record the migration');
      }),
    );
  }

  /** Stops renewing. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#last;
  }

  #expiry(): Sql {
    const ms = Math.round(this.#context.patience.leaseMs);
    return sql`pg_catalog.clock_timestamp() + ${quoted(`${ms} milliseconds`)}::interval`;
  }

  #update(set: Sql, isWanted: () => boolean = () => true): Promise<void> {
    return this.#connected(async (client) => {
      if (!isWanted()) return;
      const { rowCount } = await query(
        client,
        sql`UPDATE ${this.#context.tables.lease} SET ${set} WHERE owner = ${this.#owner}`,
        'renew the lease of the migration',
      );
      if (rowCount !== 1) throw lost();
      this.#aliveAt = performance.now();
    });
  }

  async #renew(): Promise<void> {
    const isHeld = (): boolean => this.#timer !== undefined;
    await this.#update(sql`expires_at = ${this.#expiry()}`, isHeld).catch((error: CrossfadeError) => {
      const mayPass = error.code !== 'E_MIGRATION_BUSY' && error.code !== 'E_INTERNAL' && !this.#isSpent;
      if (!isHeld() || mayPass) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#isLost = true;
      this.#onLost();
    });
  }

  /** One thing after the other, each done again over a new connection where the one that there was broke. */
  #connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const done = this.#last.then(() => this.#untilDone(work));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** A little before the lease ends: what runs under it must have ended by then. */
  get #isSpent(): boolean {
    return performance.now() - this.#aliveAt > this.#context.patience.leaseMs * 0.75;
  }

  /** An index of hours is worth every try while the lease lasts. */
  async #untilDone<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const { signal } = this.#context;
    const backoff = { firstMs: limits.migrationPauseMs, longestMs: limits.migrationPauseMaxMs };
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(this.#context.client);
      } catch (error) {
        const isBroken = error instanceof CrossfadeError && error.code === 'E_TARGET_LOST';
        if (!isBroken || this.#isSpent || signal?.aborted === true) throw error;
        if (attempt > 1) await pause(pauseMs(attempt - 1, backoff), signal);
        // The next try fails like this one where there is nothing to connect to.
        await reconnect(this.#context).catch(() => undefined);
      }
    }
  }
}

/** By this a transaction can be asked for when its COMMIT went unanswered. */
async function transactionId(client: pg.Client): Promise<string> {
  const { rows } = await query(client, sql`SELECT pg_catalog.pg_current_xact_id()::text AS id`, 'begin the record');
  return rows[0]?.id ?? '';
}

/** To be asked under the lock, which that transaction held: so it has ended, one way or the other. */
async function isCommitted(client: pg.Client, id: string): Promise<boolean> {
  const { rows } = await query(
    client,
    sql`SELECT pg_catalog.pg_xact_status(${quoted(id)}::pg_catalog.xid8) AS status`,
    'look whether the record stands',
  );
  return rows[0]?.status === 'committed';
}

/** The error of a run whose lease could not be held. */
export function lost(): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_BUSY',
    'The lease of this run was lost: it could not be renewed in time, or somebody repaired the version meanwhile. What was running was ended. crossfade migrate status says where the database stands.',
  );
}
