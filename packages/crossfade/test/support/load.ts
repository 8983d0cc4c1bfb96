import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Target } from '../../src/pg/target.ts';

/** What an application met while it was under load. */
export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** SQLSTATE of every request that failed. */
  readonly errors: readonly string[];
  /** Longest wait for a lock that a statement of any session was seen in. */
  readonly longestLockWaitMs: number;
}

/** An application that reads and writes at a steady rate. */
export interface LoadOptions {
  readonly target: Target;
  readonly perSecond: number;
  readonly connections: number;
  /** The server itself ends a statement that waits longer for a lock: it is then among the errors. */
  readonly lockLimitMs: number;
  readonly request: (client: pg.Client, n: number) => Promise<unknown>;
}

const sampleMs = 10;

/**
 * Sends requests by the clock, whether earlier ones have been answered or not, until `work` has ended and at least
 * `seconds` have passed. Every request is answered before this resolves.
 */
export async function underLoad<T>(
  options: LoadOptions,
  seconds: number,
  work: () => Promise<T>,
): Promise<{ load: LoadReport; result: T }> {
  const clients = await Promise.all(Array.from({ length: options.connections }, () => open(options)));
  const observer = await open(options);
  const errors: string[] = [];
  let [requests, longest, isOver] = [0, 0, false];
  const startedAt = performance.now();
  const due = (): number => ((performance.now() - startedAt) / 1000) * options.perSecond;
  const serve = async (client: pg.Client): Promise<void> => {
    while (!isOver) {
      if (requests >= due()) {
        await sleep(2);
        continue;
      }
      const n = requests++;
      await options.request(client, n).catch((error: { code?: string }) => errors.push(error.code ?? String(error)));
    }
  };
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { rows } = await observer.query<{ ms: number }>(
        `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)) * 1000, 0)::float8 AS ms FROM pg_locks
           WHERE NOT granted AND locktype IN ('relation', 'tuple', 'transactionid', 'object')`,
      );
      longest = Math.max(longest, rows[0].ms);
      await sleep(sampleMs);
    }
  };
  const running = Promise.all([...clients.map(serve), watch()]);
  try {
    const [result] = await Promise.all([work(), sleep(seconds * 1000)]);
    isOver = true;
    await running;
    const took = (performance.now() - startedAt) / 1000;
    return { result, load: { requests, requestsPerSecond: requests / took, errors, longestLockWaitMs: longest } };
  } finally {
    isOver = true;
    await running.catch(() => undefined);
    await Promise.all([...clients, observer].map((client) => client.end()));
  }
}

async function open({ target, lockLimitMs }: LoadOptions): Promise<pg.Client> {
  const { host, port, user, database, password } = target;
  const client = new pg.Client({ host, port, user, database, password, ssl: false });
  await client.connect();
  await client.query(`SET lock_timeout = '${lockLimitMs}ms'`);
  return client;
}
