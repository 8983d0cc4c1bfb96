import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { type Fate, faultProxy, type Link } from '../../../test/support/fault-proxy.ts';
import { plainClient } from '../../../test/support/plain-client.ts';
import type { CrossfadeError } from '../../core/errors.ts';
import { collections } from '../../schema/collection.ts';
import type { Store } from '../../store/contract.ts';
import { openStore } from '../../store/store.ts';
import { postgresDriver } from './postgres.ts';

const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
type Words = Store<typeof schema>;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  const store = openStore(schema, postgresDriver({ target: database, tables: 'create' }));
  await store.open();
  await store.close();
});
afterAll(() => database.drop());

const insert = (word: string, n = 1) => ({ kind: 'insert', collection: 'words', row: { word, n } }) as const;

/** What is asked, each of it making the record `word`. */
const calls: Readonly<Record<string, (store: Words, word: string) => Promise<unknown>>> = {
  insert: (store, word) => store.write([insert(word)]),
  transaction: (store, word) => store.write([insert(`0 ${word}`), insert(word)]),
  update: (store, word) => store.update('words', [word], (row) => row ?? { word, n: 1 }),
  read: async (store, word) => {
    await database.query('INSERT INTO words VALUES ($1, 1)', [word]);
    expect(await store.read('words', [word])).toEqual(expect.objectContaining({ word }));
  },
};

/** What happens to a statement on its way, once. */
const fates: Readonly<Record<string, (link: Link) => Fate>> = {
  'is cut off before it arrives': (link) => (link.cut(), 'swallow'),
  'loses its reply': () => 'drop reply',
  'falls into a black hole': () => 'swallow',
};

const unknown = 'E_OUTCOME_UNKNOWN';
const outcomes: readonly (readonly [
  call: string,
  statement: RegExp,
  fate: string,
  outcome: string,
  isThere: boolean,
])[] = [
  ['insert', /^INSERT/, 'is cut off before it arrives', unknown, false],
  ['insert', /^INSERT/, 'loses its reply', unknown, true],
  ['insert', /^INSERT/, 'falls into a black hole', unknown, false],
  ['transaction', /^BEGIN/, 'is cut off before it arrives', 'ok', true],
  ['transaction', /^BEGIN/, 'loses its reply', 'ok', true],
  ['transaction', /^INSERT/, 'is cut off before it arrives', 'ok', true],
  ['transaction', /^INSERT/, 'loses its reply', 'ok', true],
  ['transaction', /^COMMIT/, 'is cut off before it arrives', unknown, false],
  ['transaction', /^COMMIT/, 'loses its reply', unknown, true],
  ['transaction', /^COMMIT/, 'falls into a black hole', unknown, false],
  ['update', /^SELECT .* FOR NO KEY UPDATE/, 'loses its reply', 'ok', true],
  ['update', /^INSERT/, 'loses its reply', 'ok', true],
  ['update', /^COMMIT/, 'is cut off before it arrives', unknown, false],
  ['update', /^COMMIT/, 'loses its reply', unknown, true],
  ['read', /^SELECT "word"/, 'is cut off before it arrives', 'ok', true],
  ['read', /^SELECT "word"/, 'loses its reply', 'ok', true],
  ['read', /^SELECT "word"/, 'falls into a black hole', 'ok', true],
];

let words = 0;

test.each(outcomes)('%s: when %s %s, the outcome is %s', async (call, statement, fate, outcome, isThere) => {
  let isDone = false;
  const done = Promise.withResolvers<void>();
  const proxy = await faultProxy(database, {
    onCall: ({ text }, link) => {
      if (isDone || !statement.test(text)) return undefined;
      isDone = true;
      const given = fates[fate](link);
      if (given !== 'drop reply') done.resolve();
      return given;
    },
    onReplyDropped: done.resolve,
  });
  const word = `word ${++words}`;
  const store = openStore(schema, postgresDriver({ target: { ...database, ...proxy }, statementTimeoutMs: 500 }));
  const told = await calls[call](store, word).then(
    () => 'ok',
    (error: CrossfadeError) => error.code,
  );
  await done.promise;
  await store.close();
  const { rows } = await database.query('SELECT n FROM words WHERE word = $1', [word]);
  expect([told, rows]).toEqual([outcome, isThere ? [{ n: 1 }] : []]);
});

test('a write that waits for a lock beyond the statement timeout has failed, and is not there', async () => {
  const plain = await plainClient(database);
  await plain.query("BEGIN; INSERT INTO words VALUES ('locked', 1)");
  const store = openStore(schema, postgresDriver({ target: database, statementTimeoutMs: 200 }));
  await expect(store.write([insert('locked', 2)])).rejects.toMatchObject({
    code: 'E_STORE_FAILED',
    facts: { sqlstate: '57014', collection: 'words' },
  });
  await plain.query('ROLLBACK');
  await plain.end();
  expect(await store.read('words', ['locked'])).toBeNull();
  await store.close();
});

test('connections that ended unnoticed are replaced; what was not sent is sent by another one', async () => {
  const store = openStore(schema, postgresDriver({ target: database, pool: { minimum: 4 }, application: 'ended' }));
  await store.open();
  await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'");
  for (let n = 0; n < 4; n++) expect(await store.read('words', ['none'])).toBeNull();
  await store.write([insert('after the end')]);
  await store.close();
});
