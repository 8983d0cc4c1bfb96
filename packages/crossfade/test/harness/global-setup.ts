import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type ClusterOptions, startCluster } from '../../src/pg/embedded/cluster.ts';
import type { Target } from '../../src/pg/target.ts';
import { plainQuery } from '../support/plain-client.ts';
import { removeOnSignal, removeWithServers } from './aftermath.ts';
import { hasty } from './hasty.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's own PostgreSQL. Tests ask `freshDatabase` for a database on it. */
    server: Target;
    /** Every temporary folder of the run lies in here. */
    tempRoot: string;
    /** How clusters of this run are made: which PostgreSQL, which locale, which settings. */
    clusterOptions: Omit<ClusterOptions, 'folder'>;
    /** The data folder of a cluster that does not run, with the password of the run's server: others begin as its copy. */
    prototype: string;
  }
}

/** One throwaway server for a whole run: real, and gone afterwards, whatever the tests did. It is hasty; `freshCluster` is as durable as the product's. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return serve(project, {});
}

/** The same with another PostgreSQL, for a project that runs the same files against it. */
export async function serve(
  project: TestProject,
  options: Omit<ClusterOptions, 'folder' | 'settings'>,
): Promise<() => Promise<void>> {
  const tempRoot = mkdtempSync(join(realpathSync(tmpdir()), 'crossfade-test-'));
  // The server's user, who is another one where the tests run as root, must be able to pass.
  chmodSync(tempRoot, 0o711);
  const forget = removeOnSignal(tempRoot);
  const remove = (): void => {
    forget();
    removeWithServers(tempRoot);
  };
  try {
    const cluster = await startCluster({ ...options, settings: hasty, folder: join(tempRoot, 'server') });
    const prototype = join(tempRoot, 'prototype');
    await cluster.stop();
    execFileSync('cp', ['-a', cluster.data, prototype]);
    await cluster.start();
    // A database's first session writes the file that spares later ones reading the catalogs, and a copy has it too.
    await plainQuery({ ...cluster.target, database: 'template1' }, 'select');
    project.provide('server', cluster.target);
    project.provide('tempRoot', tempRoot);
    project.provide('prototype', prototype);
    // The programs are there already: a cluster more need not copy them again.
    project.provide('clusterOptions', { ...options, bin: cluster.bin });
    return async () => {
      await cluster.stop();
      remove();
    };
  } catch (error) {
    remove();
    throw error;
  }
}
