import assert from 'node:assert/strict';
import type { Change, Store } from '../contract.ts';
import type { Capture, JournalEntry } from '../live/capture.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf } from './live.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** The keys of entries, each once, in the order of their text. */
export const keysOf = (entries: readonly JournalEntry[]): string[] =>
  [...new Set(entries.map(({ collection, key }) => [collection, ...(key ?? [null])].map(String).join(' ')))].sort();

/** The keys that are noted now. */
export const noted = async (capture: Capture): Promise<string[]> => keysOf(await capture.entries(1_000));

/** A person that others refer to, and one whom nobody knows. */
async function furnished(store: Store<SuiteSchema>): Promise<void> {
  await store.write([insert(person('a', { email: 'a@b' }))]);
  await store.write([insert(person('b'))]);
  await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: null } }]);
}

const writes: Readonly<Record<string, readonly [Change<SuiteSchema>, ...string[]]>> = {
  'an insert': [insert(person('c')), 'people c'],
  'a put of a record that is there': [put(person('a')), 'people a'],
  'a put of one that is not': [put(person('c')), 'people c'],
  'a patch': [{ kind: 'patch', collection: 'people', key: ['a'], set: { age: 1 } }, 'people a'],
  'a removal': [{ kind: 'remove', collection: 'people', key: ['b'] }, 'people b'],
  'a key of two fields': [
    { kind: 'put', collection: 'visits', row: { person: 'a', number: 1, note: 'x' } },
    'visits a 1',
  ],
  'a key of 64 bits': [
    { kind: 'insert', collection: 'badges', row: { code: 9007199254740993n, person: null } },
    'badges 9007199254740993',
  ],
  'a key of moments': [
    {
      kind: 'insert',
      collection: 'moments',
      row: { at: '2026-03-01T09:30:00.000001Z', day: '2026-03-01', on: true },
    },
    'moments 2026-03-01T09:30:00.000001Z 2026-03-01 true',
  ],
  'a nasty key': [
    { kind: 'insert', collection: 'words', row: { word: `'"\\ü\u{1f600}\ufffd\n`, n: 1 } },
    `words '"\\ü\u{1f600}\ufffd\n`,
  ],
  'a collection of odd names': [
    {
      kind: 'insert',
      collection: 'odd names; "quoted"',
      row: { 'a key': -1, SELECT: null, __proto__x: null, constructor: null },
    },
    'odd names; "quoted" -1',
  ],
};

/** Every write of the store is noted, with what goes with it. */
export function captureCases(suite: Suite): void {
  const captures = liveCasesOf(suite, 'capture');
  for (const [what, [change, ...keys]] of Object.entries(writes)) {
    captures(`${what} notes its key, settled`, async (capture, store) => {
      await furnished(store);
      await capture.install();
      await store.write([change]);
      const entries = await capture.entries(10);
      same(keysOf(entries), keys);
      same(entries[0].key, keyOf(store, change));
      assert.ok(entries.every(({ isSettled }) => isSettled));
    });
  }
  captures('a removal notes what goes with it', async (capture, store) => {
    await furnished(store);
    await capture.install();
    await store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]);
    same(await noted(capture), store.supports.constraints ? ['people a', 'visits a 1'] : ['people a']);
  });
  captures('an update notes its key, and nothing where it leaves the record', async (capture, store) => {
    if (!store.supports.update) return;
    await furnished(store);
    await capture.install();
    await store.update('people', ['a'], () => undefined);
    same(await noted(capture), []);
    await store.update('people', ['a'], (row) => row && { ...row, age: 5 });
    await store.update('people', ['b'], () => null);
    same(await noted(capture), ['people a', 'people b']);
  });
  captures('each change of a write is noted', async (capture, store) => {
    if (!store.supports.atomic) return;
    await capture.install();
    await store.write([insert(person('a')), insert(person('b')), { kind: 'remove', collection: 'people', key: ['a'] }]);
    assert.ok((await noted(capture)).includes('people b'));
    await store.write([insert(person('c')), put(person('b'))]);
    assert.deepEqual((await noted(capture)).slice(-2), ['people b', 'people c']);
  });
  captures('reads note nothing', async (capture, store) => {
    await furnished(store);
    await capture.install();
    await store.read('people', ['a']);
    if (store.supports.orderedScan) await store.scan('people');
    same(await noted(capture), []);
  });
  refusalCases(captures);
}

type Captures = ReturnType<typeof liveCasesOf<'capture'>>;

/** A refused write has changed nothing: triggers note none, and an intent of it may stand there, settled. */
function refusalCases(captures: Captures): void {
  const refusals: Readonly<
    Record<string, readonly ['E_KEY_EXISTS' | 'E_KEY_MISSING' | 'E_UNIQUE', Change<SuiteSchema>]>
  > = {
    'an insert of a key that is there': ['E_KEY_EXISTS', insert(person('a'))],
    'a patch of a key that is not': ['E_KEY_MISSING', { kind: 'patch', collection: 'people', key: ['c'], set: {} }],
    'an equal value of a unique set': ['E_UNIQUE', insert(person('c', { email: 'a@b' }))],
  };
  for (const [what, [code, change]] of Object.entries(refusals)) {
    captures(`${what} notes no key but its own, and none by triggers`, async (capture, store) => {
      if (code === 'E_UNIQUE' && !store.supports.constraints) return;
      await furnished(store);
      await capture.install();
      await refused(code, store.write([change]));
      const entries = await capture.entries(10);
      const own = ['people', ...keyOf(store, change)].join(' ');
      assert.ok(keysOf(entries).every((key) => key === own) && entries.every(({ isSettled }) => isSettled));
      if (store.supports.capture === 'triggers') same(entries, []);
    });
  }
}

function keyOf(store: Store<SuiteSchema>, change: Change<SuiteSchema>): readonly unknown[] {
  if (change.kind === 'patch' || change.kind === 'remove') return change.key;
  const row = change.row as Readonly<Record<string, unknown>>;
  return store.schema[change.collection].key.map((field) => row[field]);
}
