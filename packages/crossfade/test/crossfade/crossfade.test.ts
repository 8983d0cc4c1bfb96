import { expect, onTestFinished, test } from 'vitest';
import { Operator } from '../../src/control/operator.ts';
import { memoryDriver } from '../../src/drivers/memory/memory.ts';
import { postgresDriver } from '../../src/drivers/postgres/postgres.ts';
import { sqliteDriver } from '../../src/drivers/sqlite/store/driver.ts';
import { crossfade } from '../../src/keep/crossfade.ts';
import { openLedger } from '../../src/ledger/postgres/open.ts';
import { type Collections, collections } from '../../src/schema/collection.ts';
import { join } from 'node:path';
import { deadPlace } from '../harness/sockets.ts';
import { tempFolder } from '../harness/folders.ts';
import { until } from '../harness/connections.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { word, words } from '../support/memory-crossing.ts';

const database = databaseOfFile();

/** A process of an application: its own connections to the one file and the one database. */
function process(path: string, group: string, more: { isKeeper?: boolean } = {}) {
  const store = crossfade({
    group,
    schema: words,
    source: sqliteDriver({ path, tables: 'create' }),
    target: postgresDriver({ target: database(), schema: group, tables: 'create' }),
    ledger: database(),
    pollMs: 25,
    leaseMs: 2_000,
    ...more,
  });
  onTestFinished(() => store.close());
  return store;
}

async function operatorOf(group: string) {
  const ledger = await openLedger({ target: database() });
  onTestFinished(() => ledger.close());
  return { ledger, operator: new Operator({ ledger, group, actor: 'operator', commit: 'c0ffee', waitMs: 60_000 }) };
}

test('an application that says crossfade serves from its file, crosses, and serves from PostgreSQL', async () => {
  const path = join(tempFolder(), 'words.db');
  const [one, other] = [process(path, 'served'), process(path, 'served')];
  await one.write([word('one', 1)]);
  expect(await other.read('words', ['one'])).toEqual({ word: 'one', n: 1 });
  const { ledger, operator } = await operatorOf('served');
  expect((await operator.status()).control.state).toBe('legacy');
  for (const state of ['dual', 'shadow', 'primary']) expect((await operator.advance()).control.state).toBe(state);
  await other.write([word('two', 2)]);
  expect((await one.scan('words')).rows).toHaveLength(2);
  expect((await database().query('SELECT word FROM served.words ORDER BY word')).rows).toHaveLength(2);

  // The process that keeps goes, and another one keeps.
  const { keeping } = await ledger.members('served');
  await one.close();
  await other.write([word('three', 3)]);
  await until(async () => (await operator.status()).keeping?.findings?.owed === 0);
  await other.close();
  expect(keeping).not.toBeNull();
  expect((await ledger.members('served')).instances).toEqual([]);
  await other.open();
  expect((await other.scan('words')).rows).toHaveLength(3);
});

test('a process that is to keep nothing does not', async () => {
  const store = process(join(tempFolder(), 'words.db'), 'unkept', { isKeeper: false });
  await store.write([word('one', 1)]);
  const { operator } = await operatorOf('unkept');
  expect((await operator.status()).next).toEqual({
    to: 'dual',
    gates: [
      { gate: 'keeper', why: 'no process keeps the other store in step' },
      { gate: 'done', why: 'the keeper has not yet said anything about this state' },
    ],
  });
});

test('without the ledger nobody can tell who leads, so the store does not open', async () => {
  const path = join(tempFolder(), 'words.db');
  const store = crossfade({
    group: 'down',
    schema: words,
    source: sqliteDriver({ path, tables: 'create' }),
    target: postgresDriver({ target: database(), schema: 'down', tables: 'create' }),
    ledger: { ...database(), ...(await deadPlace()) },
  });
  await expect(store.read('words', ['one'])).rejects.toMatchObject({ code: 'E_TARGET_UNREACHABLE' });
  await store.close();
});

test('in legacy a release may bring another schema, and the crossing begins with it', async () => {
  const open = async (schema: Collections) => {
    const target = postgresDriver({ target: database(), schema: 'releases', tables: 'create' });
    const store = crossfade({
      group: 'releases',
      schema,
      source: memoryDriver(),
      target,
      ledger: database(),
      pollMs: 25,
    });
    onTestFinished(() => store.close());
    await store.open();
    return store;
  };
  await (await open(collections({ words: { fields: { word: { type: 'text' } }, key: ['word'] } }))).close();
  await database().query('DROP SCHEMA releases CASCADE');
  await open(words);
  const { operator } = await operatorOf('releases');
  expect((await operator.advance()).control.state).toBe('dual');
});

test('an application whose records were in its memory finds them again when it begins anew', async () => {
  const begin = () =>
    crossfade({
      group: 'memory',
      schema: words,
      source: memoryDriver(),
      target: postgresDriver({ target: database(), schema: 'memory', tables: 'create' }),
      ledger: database(),
      pollMs: 25,
    });
  const first = begin();
  await first.write([word('one', 1), word('two', 2)]);
  const { operator } = await operatorOf('memory');
  for (const state of ['dual', 'shadow']) expect((await operator.advance()).control.state).toBe(state);
  await first.close();
  const second = begin();
  onTestFinished(() => second.close());
  expect((await second.scan('words')).rows).toHaveLength(2);
  await second.write([word('three', 3)]);
  expect((await operator.advance()).control.state).toBe('primary');
  expect((await second.scan('words')).rows).toHaveLength(3);
});
