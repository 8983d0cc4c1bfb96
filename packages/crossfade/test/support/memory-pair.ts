import { type MemoryDriver, memoryDriver } from '../../src/drivers/memory/memory.ts';
import type { Collections } from '../../src/schema/collection.ts';
import type { Mapping } from '../../src/schema/mapping/mapping.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import type { BulkLeg } from '../../src/sync/copy-range.ts';
import { stamps } from './stamps.ts';

/** Two stores in memory, empty, of which one leads and the other follows. */
export interface MemoryPair<S extends Collections> {
  readonly leg: BulkLeg;
  readonly leader: Store<S>;
  readonly follower: Store;
  readonly leading: MemoryDriver;
  readonly following: MemoryDriver;
}

/** @param schema of the source, which leads; its writes are captured, and the first epoch has begun at the follower */
export async function memoryPair<const S extends Collections>(schema: S, mapping: Mapping): Promise<MemoryPair<S>> {
  const [leading, following] = [memoryDriver(), memoryDriver()];
  const leader = openStore(schema, leading);
  const follower: Store = openStore(mapping.target, following);
  await Promise.all([leader.open(), follower.open()]);
  await leading.capture.install();
  await following.mirror.begin(1n);
  const stamp = stamps();
  const leg: BulkLeg = { mapping, from: 'source', leader: leading, follower: following, epoch: 1n, stamp };
  return { leg, leader, follower, leading, following };
}
