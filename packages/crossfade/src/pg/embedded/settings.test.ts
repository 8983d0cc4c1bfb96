import { expect, test } from 'vitest';
import { clusterSettings } from './settings.ts';

const gigabyte = 1024 ** 3;

test('what a cluster gets depends on memory and cores, and its durability on neither', () => {
  const [small, large] = [clusterSettings(18, gigabyte, 2), clusterSettings(18, 64 * gigabyte, 16)];
  expect(small).toMatchObject({ shared_buffers: '128MB', max_parallel_maintenance_workers: '0', io_method: 'sync' });
  expect(large).toMatchObject({ shared_buffers: '512MB', max_parallel_maintenance_workers: '2' });
  for (const settings of [small, large])
    expect(settings).toMatchObject({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
});

test('a server gets no setting that a later one brought', () => {
  expect(clusterSettings(17, gigabyte, 2)).not.toHaveProperty('io_method');
  expect(clusterSettings(18, gigabyte, 16)).not.toHaveProperty('io_method');
});
