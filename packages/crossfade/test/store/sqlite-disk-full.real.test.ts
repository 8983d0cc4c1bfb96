import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { sqliteStore } from '../support/sqlite-store.ts';

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
}

test('a full disk refuses the write, keeps every record, and needs nothing but room to go on', async () => {
  expect(process.getuid?.(), 'this test mounts a disk, which takes root').toBe(0);
  const disk = join(tempFolder('disk-'), 'mounted');
  mkdirSync(disk);
  run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'crossfade-test', disk);
  onTestFinished(() => run('umount', disk));
  const { store, path } = await sqliteStore({ path: join(disk, 'store.db') });
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(3 * 2 ** 20));
  const write = (i: number) =>
    store.write([{ kind: 'insert', collection: 'words', row: { word: `${i} ${'x'.repeat(200_000)}`, n: i } }]);
  let written = 0;
  const full = await (async () => {
    for (; ; written++) await write(written);
  })().catch((error: unknown) => error);
  expect(full).toMatchObject({ code: 'E_STORE_FAILED', message: expect.stringContaining('disk is full') });
  expect((await store.scan('words')).rows).toHaveLength(written);
  rmSync(ballast);
  await write(written);
  await store.close();
  const again = await sqliteStore({ path });
  expect((await again.store.scan('words')).rows).toHaveLength(written + 1);
  await again.store.close();
});
