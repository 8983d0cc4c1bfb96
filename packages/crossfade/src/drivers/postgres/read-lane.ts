import type pg from 'pg';
import { disconnect } from '../../pg/connect.ts';
import { type Connections, isEnded, type Pool } from './pool.ts';

/** A read that comes while fewer are in use has a connection of its own: the server's processors share the work. */
const ownMax = 1;
/** More than that do not wait for one server process. */
const underWayMax = 64;
/** A lane that has answered nothing for that long has a read in it that waits: others do not stand behind it. */
const stuckAfterMs = 50;
/** A lane that was idle for longer may have died unnoticed, and is made anew. */
const idleMs = 10_000;
/** A lane that could not be opened is not tried again before. */
const retryAfterMs = 1_000;

/**
 * One connection that reads of single records share while many are under way: each is sent at once, and the answers come
 * in their order, which takes the server and us fewer turns than a connection for each. Where it cannot be used right
 * now, reads go to the pool, so nobody ever waits for it to be opened. Behind a pooler it is not allowed, because a read
 * needs a transaction there.
 */
export class ReadLane implements Connections {
  isAllowed = false;
  private readonly pool: Pool;
  private readonly connect: () => Promise<pg.Client>;
  private client: pg.Client | null = null;
  private opening: Promise<void> | null = null;
  private failedAtMs = -Infinity;
  private movedAtMs = 0;
  /** Reads under way on the lane, or on one before it. */
  private readonly underWay = new Map<pg.Client, number>();

  constructor(pool: Pool, connect: () => Promise<pg.Client>) {
    this.pool = pool;
    this.connect = connect;
  }

  take(): pg.Client | undefined {
    if (!this.isAllowed || this.pool.statistics.inUse < ownMax) return this.pool.take();
    const nowMs = performance.now();
    const { client } = this;
    const count = client === null ? 0 : (this.underWay.get(client) ?? 0);
    if (client === null || isEnded(client) || (count === 0 && nowMs - this.movedAtMs > idleMs)) {
      this.reopen(nowMs);
      return this.pool.take();
    }
    if (count >= underWayMax || (count > 0 && nowMs - this.movedAtMs > stuckAfterMs)) return this.pool.take();
    if (count === 0) this.movedAtMs = nowMs;
    this.underWay.set(client, count + 1);
    return client;
  }

  acquire(): Promise<pg.Client> {
    return this.pool.acquire();
  }

  release(client: pg.Client, isBroken = false): void {
    const count = this.underWay.get(client);
    if (count === undefined) return this.pool.release(client, isBroken);
    this.movedAtMs = performance.now();
    if (count > 1) this.underWay.set(client, count - 1);
    else this.underWay.delete(client);
    if (!isBroken) return;
    this.pool.doubt();
    if (this.client === client) this.leave();
  }

  /** Called when no read is under way. */
  async close(): Promise<void> {
    this.isAllowed = false;
    await this.opening;
    const { client } = this;
    this.client = null;
    if (client !== null) await disconnect(client);
  }

  private leave(): void {
    const { client } = this;
    this.client = null;
    // What is still under way there fails as lost, and is read anew from the pool.
    if (client !== null) void disconnect(client);
  }

  private reopen(nowMs: number): void {
    if (this.opening !== null || nowMs - this.failedAtMs < retryAfterMs) return;
    this.leave();
    this.opening = this.open().finally(() => {
      this.opening = null;
    });
  }

  private async open(): Promise<void> {
    try {
      this.client = await this.connect();
      this.movedAtMs = performance.now();
    } catch {
      this.failedAtMs = performance.now();
    }
  }
}
