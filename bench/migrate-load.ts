import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { underLoad } from '../packages/crossfade/test/support/load.ts';
import {
  changeOrders,
  contractOrders,
  newOrderRequest,
  orderRequest,
  ordersTable,
} from '../packages/crossfade/test/support/orders.ts';
import { plainQuery } from '../packages/crossfade/test/support/plain-client.ts';
import { withCluster } from './cluster.ts';
import { type Gate, gate } from './gates.ts';
import { gateTable } from './results.ts';

const perSecond = 500;
const rows = 200_000;
const lockLimitMs = 2_000;
const lockTimeoutMs = 200;

/** 500 requests a second, while an index is built, a column becomes NOT NULL, and another changes its type. Ends with 1 when a request failed, or a statement waited for a lock for longer than a change may. */
export function benchMigrateLoad(): Promise<number> {
  return withCluster(({ target }) => measure(target));
}

async function measure(target: Target): Promise<number> {
  for (const statement of ordersTable(rows)) await plainQuery(target, statement);
  const base = { target, perSecond, connections: 12, lockLimitMs };
  const phases = [
    ['idle', orderRequest, () => Promise.resolve()],
    ['index, NOT NULL, new column', orderRequest, () => changeOrders(target, lockTimeoutMs)],
    ['old column dropped', newOrderRequest, () => contractOrders(target, lockTimeoutMs)],
  ] as const;
  process.stdout.write(`${rows} rows, ${perSecond} requests a second asked for, lock limit ${lockTimeoutMs} ms\n`);
  const gates: Gate[] = [];
  for (const [name, request, work] of phases) {
    const { load } = await underLoad({ ...base, request: (client, n) => request(client, n, rows) }, 10, work);
    gates.push(
      gate(`${name}: failed requests`, load.errors.length, 0),
      gate(`${name}: longest wait for a lock, in ms`, load.longestLockWaitMs, lockTimeoutMs),
    );
    process.stdout.write(
      `${name}: ${load.requestsPerSecond.toFixed(0)} requests/s, ${load.requests} requests, ${load.errors.length} errors, longest lock wait ${load.longestLockWaitMs.toFixed(0)} ms\n`,
    );
  }
  process.stdout.write(`\n${gateTable({ gates })}\n`);
  return gates.every(({ passed }) => passed) ? 0 : 1;
}
