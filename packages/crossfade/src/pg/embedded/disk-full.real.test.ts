import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { startEmbedded, stopEmbedded } from './embedded.ts';

/** A file system of a few megabytes. Mounting needs root, which is what the real suites are run as. */
function smallDisk(megabytes: number): string {
  const disk = join(tempFolder(), 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', disk]);
  onTestFinished(() => void execFileSync('umount', [disk]));
  return disk;
}

test.each([
  { megabytes: 20, what: 'the programs do not fit' },
  { megabytes: 75, what: 'the cluster does not fit' },
])(
  'on a full disk nothing is started, no half of anything is left, and the reason is named: $what',
  async ({ megabytes }) => {
    const folder = join(smallDisk(megabytes), 'postgres');
    await expect(startEmbedded({ folder })).rejects.toMatchObject({
      code: 'E_POSTGRES_EMBEDDED',
      message: expect.stringMatching(/no space left on device.*Nothing was started/is) as string,
    });
    expect(
      readdirSync(folder).filter((name) => name === 'data' || name.includes('.new-') || name.startsWith('.password')),
    ).toEqual([]);
    expect(await stopEmbedded({ folder })).toBe(false);
  },
);
