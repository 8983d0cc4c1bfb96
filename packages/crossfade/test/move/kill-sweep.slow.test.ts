import { expect, test } from 'vitest';
import { freshDatabase } from '../harness/postgres.ts';
import type { When } from '../support/moves.ts';
import { smallSource } from '../support/sources.ts';
import { expectComplete, sweep } from '../support/sweep.ts';

/** kill-sweep.real.test.ts takes every call; here each kind of moment is met. */
const stride = 20;

test('a move killed -9 again and again, further on each time, ends equal under the same command', async () => {
  await Promise.all(
    (['before', 'after'] as const).map(async (when: When) => {
      const [database, source] = [await freshDatabase(), smallSource()];
      const swept = await sweep(when, stride, ['move', source, '--json'], database);
      process.stdout.write(`killed ${when} ${swept.kills} calls of the database, then ended equal\n`);
      expect(swept.kills).toBeGreaterThan(5);
      await expectComplete(swept.last, source, database, false);
    }),
  );
});
