import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshCluster } from '../../../test/harness/cluster.ts';
import { query } from '../../../test/harness/postgres.ts';
import { isAlive, runningServer } from './process.ts';

test('a cluster that is killed comes back on its port with every committed row', async () => {
  const cluster = await freshCluster();
  await query(cluster.target, 'create table kept as select generate_series(1, 1000) as a');
  const pid = cluster.pid as number;
  await cluster.kill();
  expect(isAlive(pid)).toBe(false);
  expect(cluster.pid).toBe(undefined);
  await expect(query(cluster.target, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await cluster.start();
  expect(cluster.pid).not.toBe(pid);
  expect((await query(cluster.target, 'select count(*)::int as n from kept')).rows).toEqual([{ n: 1000 }]);
});

test('a cluster stops, and stopping or starting it twice is no error', async () => {
  const cluster = await freshCluster();
  await cluster.start();
  await cluster.stop();
  await cluster.stop();
  expect(runningServer(cluster.data)).toBe(undefined);
  await cluster.start();
  expect((await query(cluster.target, 'select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a cluster takes the settings it is given', async () => {
  const cluster = await freshCluster({ settings: { synchronous_commit: 'off' } });
  const { rows } = await query(
    cluster.target,
    `select current_setting('synchronous_commit') as commit, current_setting('fsync') as fsync`,
  );
  expect(rows).toEqual([{ commit: 'off', fsync: 'on' }]);
});

test('a start that fails leaves no process behind, and says why', async () => {
  const cluster = await freshCluster();
  await cluster.stop();
  appendFileSync(join(cluster.data, 'postgresql.conf'), 'max_connections = 0\n');
  await expect(cluster.start()).rejects.toMatchObject({
    code: 'E_POSTGRES_EMBEDDED',
    message: expect.stringMatching(/max_connections/) as string,
  });
  expect(runningServer(cluster.data)).toBe(undefined);
});
