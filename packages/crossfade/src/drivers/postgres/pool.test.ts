import { expect, test } from 'vitest';
import { backendPid, refusal, until } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { deadPlace } from '../../../test/harness/sockets.ts';
import { connect } from '../../pg/connect.ts';
import { Pool, type PoolOptions } from './pool.ts';

/** A pool whose connections are counted by the server. */
async function pooled(
  options: PoolOptions,
): Promise<{ pool: Pool; database: TestDatabase; sessions: () => Promise<number> }> {
  const database = await freshDatabase();
  const sessions = async (): Promise<number> =>
    (
      await database.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pool'",
      )
    ).rowCount ?? 0;
  return { pool: new Pool(() => connect(database, { application: 'pool' }), options), database, sessions };
}

test('opening opens the minimum, closing all of it, and it can be opened again', async () => {
  const { pool, sessions } = await pooled({ minimum: 3, maximum: 5 });
  for (let round = 0; round < 2; round++) {
    await pool.open();
    expect(pool.statistics).toEqual({ inUse: 0, idle: 3, waiting: 0 });
    expect(await sessions()).toBe(3);
    await pool.close();
    await until(async () => (await sessions()) === 0);
    expect(pool.statistics).toEqual({ inUse: 0, idle: 0, waiting: 0 });
  }
});

test('a minimum that cannot be opened is refused, and nothing stays open', async () => {
  const place = await deadPlace();
  const { database } = await pooled({});
  let made = 0;
  const pool = new Pool(() => connect(made++ === 0 ? database : { ...database, ...place }), { minimum: 3 });
  expect((await refusal(pool.open())).code).toBe('E_TARGET_UNREACHABLE');
  expect(pool.statistics).toEqual({ inUse: 0, idle: 0, waiting: 0 });
});

test('connections beyond the maximum are closed after use', async () => {
  const { pool, sessions } = await pooled({ minimum: 0, maximum: 2, overflow: 2 });
  const clients = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  expect(pool.statistics).toEqual({ inUse: 4, idle: 0, waiting: 0 });
  for (const client of clients) pool.release(client);
  expect(pool.statistics).toEqual({ inUse: 0, idle: 2, waiting: 0 });
  await until(async () => (await sessions()) === 2);
  await pool.close();
});

test('who waits gets the next free connection, in the order of coming', async () => {
  const { pool } = await pooled({ minimum: 0, maximum: 1, overflow: 0 });
  const first = await pool.acquire();
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    const client = await pool.acquire();
    order.push(n);
    pool.release(client);
  });
  expect(pool.statistics).toEqual({ inUse: 1, idle: 0, waiting: 3 });
  pool.release(first);
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  await pool.close();
});

test('waiting ends by the time limit with an error of its own, and a later wait is served', async () => {
  const { pool } = await pooled({ minimum: 0, maximum: 1, overflow: 0, acquireTimeoutMs: 100 });
  const client = await pool.acquire();
  const error = await refusal(pool.acquire());
  expect([error.code, error.facts]).toEqual(['E_STORE_BUSY', { connectionsMax: 1, waitedMs: 100 }]);
  expect(pool.statistics).toEqual({ inUse: 1, idle: 0, waiting: 0 });
  pool.release(client);
  pool.release(await pool.acquire());
  await pool.close();
});

test('a connection that broke makes place for who waits', async () => {
  const { pool } = await pooled({ minimum: 0, maximum: 1, overflow: 0 });
  const client = await pool.acquire();
  const next = pool.acquire();
  pool.release(client, true);
  const other = await next;
  expect(other).not.toBe(client);
  pool.release(other);
  await pool.close();
});

test('an idle connection that the server has ended is replaced before anybody sees it', async () => {
  const { pool, database } = await pooled({ minimum: 1, pingAfterMs: 0 });
  await pool.open();
  const client = await pool.acquire();
  const pid = await backendPid(client);
  pool.release(client);
  await database.query('SELECT pg_terminate_backend($1)', [pid]);
  const other = await pool.acquire();
  expect(await backendPid(other)).not.toBe(pid);
  pool.release(other);
  expect(pool.statistics).toEqual({ inUse: 0, idle: 1, waiting: 0 });
  await pool.close();
});

test('an idle connection that leads nowhere is found out by asking', async () => {
  const { pool } = await pooled({ minimum: 1, pingAfterMs: 0 });
  const dead = await pool.acquire();
  pool.release(dead);
  dead.query = () => Promise.reject(new Error('Query read timeout'));
  const other = await pool.acquire();
  expect(other).not.toBe(dead);
  pool.release(other);
  await pool.close();
});

test.each([{ maximum: 0 }, { minimum: 3, maximum: 2 }, { overflow: -1 }, { minimum: 0.5 }])(
  'a pool of %o is the mistake of the caller',
  (options) => {
    expect(() => new Pool(() => Promise.reject(new Error('not called')), options)).toThrow(TypeError);
  },
);
