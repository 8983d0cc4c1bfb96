import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../packages/crossfade/src/pg/embedded/cluster.ts';

/** Durable, with the embedded server's own settings, and the same server for every tool. */
export async function withCluster<T>(use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'crossfade-bench-'));
  chmodSync(folder, 0o711);
  const cluster = await startCluster({ folder: join(folder, 'server') });
  try {
    return await use(cluster);
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
