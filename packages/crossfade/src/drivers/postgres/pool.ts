import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { disconnect } from '../../pg/connect.ts';
import { sessionOf } from '../../pg/connection.ts';

/** How many connections there may be, and what a call waits for. */
export interface PoolOptions {
  /** Connections that `open` makes. Default 1. */
  readonly minimum?: number;
  /** Connections that are kept. Default 10. */
  readonly maximum?: number;
  /** Connections beyond `maximum` while these are all in use; closed after use. Default 5. */
  readonly overflow?: number;
  /** Longest wait for a connection to become free. Default 10 s. */
  readonly acquireTimeoutMs?: number;
  /** A connection that was idle for longer is asked whether it is alive before it is used. Default 30 s. */
  readonly pingAfterMs?: number;
}

/** What a pool holds at a moment. */
export interface PoolStatistics {
  readonly inUse: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Where connections for a call come from, and go back to. */
export interface Connections {
  /** As {@link acquire}, where one is at hand that need not be asked; else undefined. */
  take(): pg.Client | undefined;
  /** @throws CrossfadeError E_STORE_BUSY after a time limit; what `connect` throws */
  acquire(): Promise<pg.Client>;
  /** @param isBroken it is in an unknown state and must not be used again */
  release(client: pg.Client, isBroken?: boolean): void;
}

/** An answer to `SELECT 1` that takes longer comes from no connection worth having. */
const pingTimeoutMs = 5_000;

type Turn = pg.Client | 'open one';
type Waiter = (turn: Turn) => void;

interface Idle {
  readonly client: pg.Client;
  readonly sinceMs: number;
}

/**
 * Connections for short use. pg-pool has no minimum that is open beforehand, no overflow and no question before use,
 * and makes its clients itself, while ours come out of `connect` with their settings made.
 *
 * A connection that breaks is never handed out again, whoever notices.
 */
export class Pool implements Connections {
  private readonly connect: () => Promise<pg.Client>;
  private readonly limits: Required<PoolOptions>;
  /** The one used last is the first to be used again, so that what is not needed grows old. */
  private idle: Idle[] = [];
  private readonly waiters: Waiter[] = [];
  /** Farewells under way. */
  private readonly ending = new Set<Promise<void>>();
  /** Open, being opened, or promised to a waiter. */
  private total = 0;

  constructor(connect: () => Promise<pg.Client>, options: PoolOptions = {}) {
    this.connect = connect;
    this.limits = {
      minimum: 1,
      maximum: 10,
      overflow: 5,
      acquireTimeoutMs: 10_000,
      pingAfterMs: 30_000,
      ...options,
    };
    const { minimum, maximum, overflow } = this.limits;
    const counts = [minimum, maximum, overflow].every((count) => Number.isInteger(count) && count >= 0);
    if (!counts || maximum < 1 || minimum > maximum)
      throw new TypeError('A pool has at least one connection, and a minimum that is no more than its maximum.');
  }

  get statistics(): PoolStatistics {
    return { inUse: this.total - this.idle.length, idle: this.idle.length, waiting: this.waiters.length };
  }

  /** Opens the minimum, or nothing. */
  async open(): Promise<void> {
    this.total += this.limits.minimum;
    const opening = await Promise.allSettled(Array.from({ length: this.limits.minimum }, () => this.opened()));
    for (const each of opening) if (each.status === 'fulfilled') this.release(each.value);
    const failed = opening.find((each) => each.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw failed.reason;
  }

  /** Ends the idle ones; called when none is in use. */
  async close(): Promise<void> {
    const ending = this.idle;
    this.idle = [];
    this.total -= ending.length;
    await Promise.all([...ending.map(({ client }) => disconnect(client)), ...this.ending]);
  }

  /** As {@link acquire}, where one is at hand that need not be asked; else undefined. */
  take(): pg.Client | undefined {
    const last = this.idle.at(-1);
    if (last === undefined || !this.isFresh(last) || isEnded(last.client)) return undefined;
    this.idle.pop();
    return last.client;
  }

  /**
   * A connection for the caller alone, until {@link release}.
   * @throws CrossfadeError E_STORE_BUSY after the time limit; what `connect` throws
   */
  async acquire(): Promise<pg.Client> {
    for (;;) {
      const idle = this.idle.pop();
      if (idle === undefined) break;
      if (await this.isAlive(idle)) return idle.client;
      this.discard(idle.client);
    }
    const turn = this.takePlace() ? 'open one' : await this.wait();
    return turn === 'open one' ? this.opened() : turn;
  }

  /** Gives a connection back. @param isBroken it is in an unknown state and must not be used again */
  release(client: pg.Client, isBroken = false): void {
    if (isBroken || isEnded(client)) {
      this.doubt();
      this.discard(client);
      return;
    }
    const next = this.waiters.shift();
    if (next !== undefined) next(client);
    else if (this.total > this.limits.maximum) this.discard(client);
    else this.idle.push({ client, sinceMs: performance.now() });
  }

  /** What broke one connection may have broken all: no idle one is used again unasked. */
  doubt(): void {
    this.idle = this.idle.map((each) => ({ ...each, sinceMs: -Infinity }));
  }

  private isFresh({ sinceMs }: Idle): boolean {
    return performance.now() - sinceMs <= this.limits.pingAfterMs;
  }

  private async isAlive(idle: Idle): Promise<boolean> {
    const { client } = idle;
    if (isEnded(client)) return false;
    if (this.isFresh(idle)) return true;
    const ping = { text: 'SELECT 1', query_timeout: pingTimeoutMs } as pg.QueryConfig;
    return client.query(ping).then(
      () => true,
      () => false,
    );
  }

  private takePlace(): boolean {
    if (this.total >= this.limits.maximum + this.limits.overflow) return false;
    this.total++;
    return true;
  }

  /** For a place that was taken; a connection that cannot be made gives it back. */
  private async opened(): Promise<pg.Client> {
    try {
      return await this.connect();
    } catch (error) {
      this.leavePlace();
      throw error;
    }
  }

  private discard(client: pg.Client): void {
    const end = disconnect(client).then(() => void this.ending.delete(end));
    this.ending.add(end);
    this.leavePlace();
  }

  private leavePlace(): void {
    this.total--;
    if (this.waiters.length > 0 && this.takePlace()) (this.waiters.shift() as Waiter)('open one');
  }

  private wait(): Promise<Turn> {
    const { acquireTimeoutMs, maximum, overflow } = this.limits;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = (turn) => {
        clearTimeout(timer);
        resolve(turn);
      };
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        const fix = 'Make fewer calls at once, shorter ones, or raise the maximum of the pool.';
        reject(
          new CrossfadeError(
            'E_STORE_BUSY',
            `No connection of the pool became free within ${acquireTimeoutMs / 1000} s; all ${maximum + overflow} are in use. Nothing was done. ${fix}`,
            { connectionsMax: maximum + overflow, waitedMs: acquireTimeoutMs },
          ),
        );
      }, acquireTimeoutMs);
      this.waiters.push(waiter);
    });
  }
}

/** Its end was noticed. */
export function isEnded(client: pg.Client): boolean {
  return !sessionOf(client).socket.writable;
}
