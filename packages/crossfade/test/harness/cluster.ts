import { join } from 'node:path';
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../src/pg/embedded/cluster.ts';
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

function start(options: Omit<ClusterOptions, 'folder'>): Promise<Cluster> {
  return startCluster({ ...inject('clusterOptions'), ...options, folder: join(tempFolder(), 'server') });
}
