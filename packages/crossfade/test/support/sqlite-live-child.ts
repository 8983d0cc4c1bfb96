import { writeSync } from 'node:fs';
// Not the public face, which loads far more than a child needs.
import { sqliteDriver } from '../../src/drivers/sqlite/store/driver.ts';
import { CrossfadeError } from '../../src/core/errors.ts';
import { collections } from '../../src/schema/collection.ts';
import { openStore } from '../../src/store/store.ts';

/**
 * A program beside others on one file: `node sqlite-live-child.ts write|mirror PATH NAME`. A writer inserts two records
 * a write until a fence stops it, and prints each number that was acknowledged. A mirror applies a later version of the
 * same records again and again until it is killed, and prints each version.
 */
export const liveSchema = collections({
  words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] },
});

/** How many records a mirror applies at once. */
export const mirroredCount = 20;

const [role, path, name] = process.argv.slice(2);
if (path !== undefined && import.meta.filename === process.argv[1]) {
  const driver = sqliteDriver({ path, tables: 'create', busyTimeoutMs: 60_000 });
  const store = openStore(liveSchema, driver);
  await store.open();
  for (let n = 0; role === 'write'; n++) {
    try {
      await store.write(
        ['a', 'b'].map((half) => ({ kind: 'insert', collection: 'words', row: { word: `${name} ${n} ${half}`, n } })),
      );
    } catch (error) {
      if (!(error instanceof CrossfadeError) || error.code !== 'E_FENCED') throw error;
      break;
    }
    writeSync(1, `${n}\n`);
  }
  for (let n = Number(name); role === 'mirror'; n++) {
    const records = Array.from({ length: mirroredCount }, (_, i) => ({
      collection: 'words',
      key: [`${i}`],
      row: (n + i) % 5 === 0 ? null : { word: `${i}`, n },
      version: BigInt(n),
    }));
    await driver.mirror.apply(1n, records);
    writeSync(1, `${n}\n`);
  }
  await store.close();
}
