import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { underLoad } from '../packages/crossfade/test/support/load.ts';
import { expandedVersion, migrateUp, writeOrderFiles } from '../packages/crossfade/test/support/order-files.ts';
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
/** Files after the first one, up to where either release works. */
const changes = Number(expandedVersion) - 1;

type Phase = readonly [name: string, request: typeof orderRequest, work: () => Promise<void>];

/**
 * 500 requests a second, while an index is built, a column becomes NOT NULL, and another changes its type: by files that
 * `crossfade migrate up` runs, then by the helpers of the library. Ends with 1 when a request failed, or a statement
 * waited for a lock for longer than a change may.
 */
export function benchMigrateLoad(): Promise<number> {
  return withCluster(async ({ target }) => {
    const folder = mkdtempSync(join(tmpdir(), 'crossfade-bench-'));
    try {
      return await measure(target, writeOrderFiles(folder, rows, 0));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function measure(target: Target, folder: string): Promise<number> {
  process.stdout.write(`${rows} rows, ${perSecond} requests a second asked for, lock limit ${lockTimeoutMs} ms\n`);
  await migrateUp(target, folder, lockTimeoutMs, 1);
  const files = await measureWay(target, [
    ['idle', orderRequest, () => Promise.resolve()],
    ['files: index, NOT NULL, new column', orderRequest, () => migrateUp(target, folder, lockTimeoutMs, changes)],
    ['files: old column dropped', newOrderRequest, () => migrateUp(target, folder, lockTimeoutMs)],
  ]);
  for (const statement of ['DROP TABLE orders', ...ordersTable(rows)]) await plainQuery(target, statement);
  const helpers = await measureWay(target, [
    ['helpers: index, NOT NULL, new column', orderRequest, () => changeOrders(target, lockTimeoutMs)],
    ['helpers: old column dropped', newOrderRequest, () => contractOrders(target, lockTimeoutMs)],
  ]);
  const gates = [...files, ...helpers];
  process.stdout.write(`\n${gateTable({ gates })}\n`);
  return gates.every(({ passed }) => passed) ? 0 : 1;
}

async function measureWay(target: Target, phases: readonly Phase[]): Promise<Gate[]> {
  const base = { target, perSecond, connections: 12, lockLimitMs };
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
  return gates;
}
