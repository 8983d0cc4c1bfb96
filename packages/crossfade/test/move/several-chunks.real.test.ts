import { beforeAll, expect, test } from 'vitest';
import { freshCluster } from '../harness/cluster.ts';
import { freshDatabase, query, type TestDatabase } from '../harness/postgres.ts';
import { type Ended, serverEnv, startCli } from '../support/cli.ts';
import { type Fault, faultProxy, type Link } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { largeSource } from '../support/sources.ts';
import { checkpoints, loadSchemas, publishedTables } from '../support/traces.ts';

const rows = 600_000;
let source: string;

beforeAll(() => {
  source = largeSource(rows);
});

/** The number of COPYs that a command sends, while it runs to its end. */
async function copiesOf(database: TestDatabase): Promise<number> {
  let copies = 0;
  const proxy = await faultProxy(database, {
    onCall: ({ text }) => {
      if (/^COPY .* FROM STDIN/.test(text)) copies++;
      return 'forward';
    },
  });
  const ended = await moveJson(source, { ...database, ...proxy });
  expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
  await expectWhole(ended, database);
  return copies;
}

async function expectWhole(ended: Ended, database: TestDatabase): Promise<void> {
  expect(reportOf(ended)).toMatchObject({
    verdict: 'equal',
    rows,
    tables: [{ source: 'event', rows, loaded: rows, rejected: 0, verified: rows }],
  });
  await expectSameRows(source, database);
  expect(await loadSchemas(database)).toEqual([]);
}

/** A run through a proxy that spoils something; the command that runs is given to the fault. */
async function spoiled(database: TestDatabase, fault: (kill: () => void) => Fault): Promise<Ended> {
  let kill = (): void => undefined;
  const proxy = await faultProxy(
    database,
    fault(() => kill()),
  );
  const running = startCli(['move', source, '--json', '--jobs', '2'], { env: serverEnv({ ...database, ...proxy }) });
  kill = () => running.kill('SIGKILL');
  return running.ended;
}

test('a run killed in the middle of a load is continued from its checkpoints, and loads no chunk twice', async () => {
  const database = await freshDatabase();
  let commits = 0;
  const ended = await spoiled(database, (kill) => ({
    onCall: ({ type }) => {
      // The third COPY is through and its chunk's checkpoint is not written.
      if (type !== 'c' || ++commits < 3) return 'forward';
      kill();
      return 'swallow';
    },
  }));
  expect(ended.signal).toBe('SIGKILL');
  const left = await checkpoints(database);
  expect(left.all).toBeGreaterThan(2);
  expect(left.done).toBeGreaterThan(0);
  expect(left.done).toBeLessThan(left.all);
  expect(await publishedTables(database)).toEqual([]);
  expect(await copiesOf(database)).toBe(left.all - left.done);
});

test('a connection cut in the middle of a COPY ends the run with one sentence; the same command completes it', async () => {
  const database = await freshDatabase();
  // Only connections in the middle of a COPY are cut: one that is cut while it is opened was never there to be lost.
  const copying = new Set<Link>();
  const ended = await spoiled(database, () => ({
    onCall: ({ text }, link) => {
      if (/^COPY .* FROM STDIN/.test(text)) copying.add(link);
      return 'forward';
    },
    onBytes: (total, link) => total > 4_000_000 && copying.has(link) && link.cut(),
  }));
  expect(expectOneMessage(ended, 'E_TARGET_LOST', 1)).toMatch(/connection broke.*again: it continues/i);
  expect(await publishedTables(database)).toEqual([]);
  const left = await checkpoints(database);
  expect(left.done).toBeLessThan(left.all);
  expect(await copiesOf(database)).toBe(left.all - left.done);
});

test('PostgreSQL that stops at once in the middle of a load ends the run with one sentence; after its restart the same command completes it', async () => {
  const cluster = await freshCluster();
  const { target } = cluster;
  const database: TestDatabase = {
    ...target,
    query: (text, values) => query(target, text, values),
    drop: () => Promise.resolve(),
  };
  let chunks = 0;
  let stopped = Promise.resolve();
  const ended = await spoiled(database, () => ({
    onCall: ({ type }) => {
      if (type === 'c' && ++chunks === 2) stopped = cluster.kill('SIGQUIT');
      return 'forward';
    },
  }));
  expectOneMessage(ended, 'E_TARGET_LOST', 1);
  expect(reportOf(ended)).toMatchObject({ verdict: 'failed', exitCode: 1, error: { code: 'E_TARGET_LOST' } });
  await stopped;
  await cluster.start();
  expect(await publishedTables(database)).toEqual([]);
  const left = await checkpoints(database);
  expect(await copiesOf(database)).toBe(left.all - left.done);
});
