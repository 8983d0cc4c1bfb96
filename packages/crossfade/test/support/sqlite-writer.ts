import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
// Not the public face, which loads far more than a writer needs: it starts fifty times.
import { sqliteDriver } from '../../src/drivers/sqlite/store/driver.ts';
import { collections } from '../../src/schema/collection.ts';
import { openStore } from '../../src/store/store.ts';

/**
 * A service that writes until it is killed or has made `count` writes, and prints each number that was acknowledged.
 * Each write inserts two records and raises a counter that all writers share: `node sqlite-writer.ts PATH NAME FROM COUNT`.
 */
export const writerSchema = collections({
  pairs: {
    fields: { writer: { type: 'text' }, n: { type: 'integer' }, half: { type: 'text' }, filling: { type: 'text' } },
    key: ['writer', 'n', 'half'],
  },
  totals: { fields: { name: { type: 'text' }, total: { type: 'integer' } }, key: ['name'] },
});

/** What stands in both halves of a pair: long enough to lie on several pages. */
export function filling(n: number): string {
  return `${n} `.repeat(3_000);
}

const [path, writer, from, count] = process.argv.slice(2);
if (path !== undefined && import.meta.filename === process.argv[1]) {
  // A process that is killed keeps nothing of what it has compiled, and the next one compiles it again.
  flushCompileCache();
  const store = openStore(writerSchema, sqliteDriver({ path, tables: 'create', busyTimeoutMs: 60_000 }));
  for (let n = Number(from); n < Number(from) + Number(count); n++) {
    await store.write(
      ['left', 'right'].map((half) => ({
        kind: 'insert',
        collection: 'pairs',
        row: { writer, n, half, filling: filling(n) },
      })),
    );
    await store.update('totals', ['all'], (row) => ({ name: 'all', total: (row?.total ?? 0) + 1 }));
    // Not through the stream, which keeps what a reader that lags has no room for, and loses it with the process.
    writeSync(1, `${n}\n`);
  }
  await store.close();
}
