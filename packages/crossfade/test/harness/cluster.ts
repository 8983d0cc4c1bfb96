import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../src/pg/embedded/cluster.ts';
import { tempFolder } from './folders.ts';

/** A server of one test's own, to be killed, stopped and configured at will; stopped when the test ends. */
export async function freshCluster(options: Omit<ClusterOptions, 'folder'> = {}): Promise<Cluster> {
  const cluster = await startCluster({ ...inject('clusterOptions'), ...options, folder: join(tempFolder(), 'server') });
  onTestFinished(() => cluster.kill('SIGQUIT'));
  return cluster;
}
