import { expect, test } from 'vitest';
import { clusterSettings } from './settings.ts';

const gigabyte = 1024 ** 3;

test('what a cluster gets depends on memory and cores, and its durability on neither', () => {
  const [small, large] = [clusterSettings(gigabyte, 2), clusterSettings(64 * gigabyte, 16)];
  expect(small).toMatchObject({ shared_buffers: '128MB', max_parallel_maintenance_workers: '0' });
  expect(large).toMatchObject({ shared_buffers: '512MB', max_parallel_maintenance_workers: '2' });
  for (const settings of [small, large])
    expect(settings).toMatchObject({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
});
