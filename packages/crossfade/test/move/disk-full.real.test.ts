import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startCluster } from '../../src/pg/embedded/cluster.ts';
import { tempFolder } from '../harness/folders.ts';
import { query, type TestDatabase } from '../harness/postgres.ts';
import { expectOneMessage, moveJson, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { largeSource } from '../support/sources.ts';
import { checkpoints, loadSchemas, publishedTables } from '../support/traces.ts';

/** A disk of its own, in memory; only root can mount one. */
function smallDisk(megabytes: number): string {
  const folder = join(tempFolder('disk-'), 'mounted');
  mkdirSync(folder);
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=711`, 'crossfade-test', folder);
  onTestFinished(() => run('umount', folder));
  return folder;
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
}

test("the server's disk is full in the middle of a load: one sentence, nothing published, and the same command ends equal once there is room", async () => {
  expect(process.getuid?.(), 'this test mounts a disk, which takes root').toBe(0);
  const disk = smallDisk(420);
  const tables = join(disk, 'tables');
  mkdirSync(tables);
  const cluster = await startCluster({
    ...inject('clusterOptions'),
    folder: join(tempFolder(), 'server'),
  });
  onTestFinished(() => cluster.kill('SIGQUIT'));
  run('chown', '--reference', cluster.data, tables);
  chmodSync(tables, 0o700);
  await query(cluster.target, `create tablespace small location '${tables}'`);
  await query(cluster.target, 'create database app tablespace small');
  const target = { ...cluster.target, database: 'app' };
  const database: TestDatabase = {
    ...target,
    query: (sql, values) => query(target, sql, values),
    drop: () => Promise.resolve(),
  };
  const source = largeSource(600_000);

  const { size } = (await database.query(`select pg_database_size('app')::int as size`)).rows[0] as { size: number };
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(420 * 2 ** 20 - size - 16 * 2 ** 20));
  const full = await moveJson(source, database, '--jobs', '2');
  expect(expectOneMessage(full, 'E_TARGET_FULL', 1)).toMatch(/disk is full.*Free space.*continues where it stopped/);
  expect(reportOf(full)).toMatchObject({ verdict: 'failed', error: { code: 'E_TARGET_FULL' } });
  expect(await publishedTables(database)).toEqual([]);
  const left = await checkpoints(database);
  expect(left.done).toBeLessThan(left.all);

  rmSync(ballast);
  const ended = await moveJson(source, database, '--jobs', '2');
  expect(reportOf(ended)).toMatchObject({ verdict: 'equal', exitCode: 0, rows: 600_000 });
  await expectSameRows(source, database);
  expect(await loadSchemas(database)).toEqual([]);
});
