import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../src/pg/embedded/cluster.ts';
import { clusterSettings, majorOf, settingLines } from '../../src/pg/embedded/settings.ts';
import { tempFolder } from './folders.ts';
import { hasty } from './hasty.ts';

/** A server of one test's own, to be killed, stopped and configured at will; stopped when the test ends. */
export async function freshCluster(options: Omit<ClusterOptions, 'folder'> = {}): Promise<Cluster> {
  const cluster = await start(options);
  onTestFinished(() => cluster.kill('SIGQUIT'));
  return cluster;
}

/** A hasty server that the tests of one file have for themselves, for what they do to all of it. To be called where tests are described. */
export function clusterOfFile(): () => Cluster {
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    cluster = await start({ settings: hasty });
  });
  afterAll(() => cluster?.kill('SIGQUIT'));
  return () => cluster as Cluster;
}

/** A copy of the run's cluster as it was in the beginning: initdb takes longer than most tests. */
function start({ settings, ...options }: Omit<ClusterOptions, 'folder'>): Promise<Cluster> {
  const folder = join(tempFolder(), 'server');
  mkdirSync(folder);
  const data = join(folder, 'data');
  execFileSync('cp', ['-a', inject('prototype'), data]);
  // The copy is as hasty as its original, and later lines win.
  appendFileSync(join(data, 'postgresql.conf'), settingLines({ ...clusterSettings(majorOf(data)), ...settings }));
  const { password } = inject('server');
  return startCluster({ ...inject('clusterOptions'), ...options, folder, ...(password !== undefined && { password }) });
}
