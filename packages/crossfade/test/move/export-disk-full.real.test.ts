import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exportSchema } from '../../src/export/export.ts';
import { copyKinds } from '../../src/export/place.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { targetOf } from '../support/documents.ts';

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
}

test.each(copyKinds)(
  'a disk that is full in the middle of an export to %s: one sentence, and nothing left on it',
  async (kind) => {
    expect(process.getuid?.(), 'this test mounts a disk, which takes root').toBe(0);
    const folder = join(tempFolder('disk-'), 'mounted');
    mkdirSync(folder);
    run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'crossfade-test', folder);
    onTestFinished(() => run('umount', folder));
    const database = await freshDatabase();
    await database.query(
      `create table t as select n as id, repeat(md5(n::text), 200) as v from generate_series(1, 1000) n; alter table t add primary key (id)`,
    );
    const running = exportSchema({ from: targetOf(database), to: `${kind}:${join(folder, 'copy')}` });
    await expect(running).rejects.toMatchObject({
      code: 'E_EXPORT_UNWRITABLE',
      facts: { reason: expect.stringMatching(/^(ENOSPC|SQLITE_13|SQLITE_\d*10)$/) },
    });
    expect(readdirSync(folder)).toEqual([]);
  },
);
