import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freshCluster } from '../../../test/harness/cluster.ts';
import { until } from '../../../test/harness/connections.ts';
import { sampledCount } from '../../../test/harness/sample.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { collections } from '../../schema/collection.ts';
import type { Store } from '../../store/contract.ts';
import { openStore } from '../../store/store.ts';
import { postgresDriver } from './postgres.ts';

const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
const insert = (word: string) => ({ kind: 'insert', collection: 'words', row: { word, n: 1 } }) as const;

/** What each write has answered, by the records that it made. */
class Ledger {
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  readonly unknown: string[] = [];

  async write(store: Store<typeof schema>, words: readonly string[]): Promise<void> {
    try {
      await store.write(words.map(insert));
      this.acknowledged.push(...words);
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error;
      (error.code === 'E_OUTCOME_UNKNOWN' ? this.unknown : this.refused).push(...words);
      await sleep(20);
    }
  }
}

const kills = sampledCount(20, 4);

test(`${kills} kills of the server lose no acknowledged write and make no refused one`, {
  timeout: 300_000,
}, async () => {
  const cluster = await freshCluster();
  const store = openStore(schema, postgresDriver({ target: cluster.target, tables: 'create' }));
  await store.open();
  const ledger = new Ledger();
  let isOver = false;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let n = 0; !isOver; n++) {
      const word = `${writer} ${n}`;
      await ledger.write(store, writer % 2 === 0 ? [word] : [`${word} a`, `${word} b`]);
    }
  });
  for (let kill = 1; kill <= kills; kill++) {
    const before = ledger.acknowledged.length;
    await until(async () => ledger.acknowledged.length > before + 20);
    await cluster.kill('SIGKILL');
    await cluster.start();
  }
  isOver = true;
  await Promise.all(writers);
  await store.close();
  const again = openStore(schema, postgresDriver({ target: cluster.target }));
  const isThere = async (word: string): Promise<boolean> => (await again.read('words', [word])) !== null;
  const lost = [];
  for (const word of ledger.acknowledged) if (!(await isThere(word))) lost.push(word);
  const made = [];
  for (const word of ledger.refused) if (await isThere(word)) made.push(word);
  expect({ lost, made }).toEqual({ lost: [], made: [] });
  // Both words of a transaction are there, or none.
  for (const word of ledger.unknown.filter((each) => each.endsWith('a')))
    expect(await isThere(word)).toBe(await isThere(word.replace(/a$/, 'b')));
  await again.close();
  expect(ledger.unknown.length).toBeGreaterThan(0);
});
