import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';
import { freshDatabase } from '../packages/crossfade/test/harness/postgres.ts';
import { serverEnv } from '../packages/crossfade/test/support/cli.ts';
import { measured } from './process.ts';
import { makeSessions } from './sessions.ts';

const bin = fileURLToPath(new URL('../packages/crossfade/bin/crossfade.mjs', import.meta.url));

test.each([50_000, 500_000])(
  'the peak of memory is at most 256 MB and four times the largest value, at %i rows as at any other number',
  async (rows) => {
    const sessions = await makeSessions(tempFolder('sessions-'), rows, { copyText: false });
    const took = await measured(
      process.execPath,
      [bin, 'move', sessions.sqlite, '--report', join(tempFolder('report-'), 'report.json'), '--quiet'],
      serverEnv(await freshDatabase()),
    );
    expect({ status: took.status, stderr: took.stderr }).toEqual({ status: 0, stderr: '' });
    expect(took.peakMb).toBeGreaterThan(50);
    expect(took.peakMb).toBeLessThan(256 + (4 * sessions.largestValueBytes) / 2 ** 20);
  },
);
