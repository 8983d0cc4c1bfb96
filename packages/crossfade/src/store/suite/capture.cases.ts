import assert from 'node:assert/strict';
import type { Change, Store } from '../contract.ts';
import type { Capture, JournalEntry } from '../live/capture.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf, reopened } from './live.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** The keys of entries, each once, in the order of their text. */
const keysOf = (entries: readonly JournalEntry[]): string[] =>
  [...new Set(entries.map(({ collection, key }) => [collection, ...(key ?? [null])].map(String).join(' ')))].sort();

/** The keys that are noted now. */
const noted = async (capture: Capture): Promise<string[]> => keysOf(await capture.entries(1_000));

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

/** Every write of the store is noted before it can be missed, and no note goes away that somebody may still need. */
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
  entryCases(captures);
  lifeCases(captures);
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

/** Reading, writing and clearing entries in every order. */
function entryCases(captures: Captures): void {
  captures('a write between reading and clearing keeps an entry', async (capture, store) => {
    await capture.install();
    await store.write([put(person('a'))]);
    const seen = await capture.entries(10);
    await store.write([put(person('a', { age: 1 }))]);
    await capture.clear(seen);
    const left = await capture.entries(10);
    same(keysOf(left), ['people a']);
    assert.ok(left.every(({ counter }) => counter > seen[0].counter));
    await capture.clear(left);
    same(await capture.entries(10), []);
    await capture.clear(left);
  });
  captures(
    'entries come by their counters, as many as are asked for, and only those go that are cleared',
    async (capture, store) => {
      await capture.install();
      for (const id of ['e', 'd', 'c', 'b', 'a']) await store.write([insert(person(id))]);
      const all = await capture.entries(10);
      same(
        all.map(({ key }) => key?.[0]),
        ['e', 'd', 'c', 'b', 'a'],
      );
      assert.ok(all.every(({ counter }, i) => i === 0 || counter > all[i - 1].counter));
      same(await capture.entries(3), all.slice(0, 3));
      await capture.clear(all.slice(1, 3));
      same(await capture.entries(2), [all[0], all[3]]);
    },
  );
  captures('a follower that drains beside the writers misses nothing', async (capture, store) => {
    await capture.install();
    const follower = new Map<string, unknown>();
    const drain = async (): Promise<number> => {
      const entries = await capture.entries(1_000);
      for (const { key } of entries) follower.set(String(key?.[0]), await store.read('people', key ?? []));
      await capture.clear(entries);
      return entries.length;
    };
    let isWriting = true;
    const writer = async (n: number): Promise<void> => {
      for (let i = 0; i < 12; i++) {
        const id = `p${(n + i) % 5}`;
        await store.write([
          i % 4 === 3 ? { kind: 'remove', collection: 'people', key: [id] } : put(person(id, { age: 100 * n + i })),
        ]);
      }
    };
    const written = Promise.all([1, 2, 3].map(writer)).finally(() => (isWriting = false));
    while (isWriting) await drain();
    await written;
    await drain();
    same(await drain(), 0);
    for (const [id, held] of follower) same(held, await store.read('people', [id]));
    same([...follower.keys()].sort(), ['p0', 'p1', 'p2', 'p3', 'p4']);
  });
}

/** What is installed, and what comes after it was removed, closed and opened. */
function lifeCases(captures: Captures): void {
  captures('nothing is noted before it is installed, nor when it was removed', async (capture, store) => {
    await store.write([put(person('a'))]);
    same(await capture.entries(10), []);
    await capture.clear([]);
    await capture.install();
    await store.write([put(person('b'))]);
    await capture.install();
    same(await noted(capture), ['people b']);
    await capture.remove();
    same(await capture.entries(10), []);
    await store.write([put(person('c'))]);
    await capture.remove();
    same(await capture.entries(10), []);
    await capture.install();
    same(await capture.entries(10), []);
  });
  captures('it stands from being installed until it is removed', async (capture, store) => {
    const none = { stands: false, unarmed: Object.keys(store.schema).sort(), isSchemaChanged: false };
    const standing = async () => {
      const { unarmed, ...rest } = await capture.stands();
      return { ...rest, unarmed: unarmed.toSorted() };
    };
    same(await standing(), none);
    await capture.install();
    same(await standing(), { stands: true, unarmed: [], isSchemaChanged: false });
    await capture.remove();
    same(await standing(), none);
  });
  captures(
    'a counter never comes again, and entries of a journal that is gone clear none of the next',
    async (capture, store, place) => {
      await capture.install();
      await store.write([put(person('a'))]);
      const first = await capture.entries(10);
      await capture.clear(first);
      await store.write([put(person('a'))]);
      const second = await capture.entries(10);
      await capture.remove();
      await capture.install();
      await store.write([put(person('a'))]);
      await capture.clear([...first, ...second]);
      const third = await capture.entries(10);
      same(keysOf(third), ['people a']);
      await capture.clear(third);
      await reopened(store, place, async (again) => {
        await again.store.write([put(person('a'))]);
        await again.live.capture?.clear([...first, ...second, ...third]);
        const fourth = (await again.live.capture?.entries(10)) ?? [];
        same(keysOf(fourth), ['people a']);
        const counters = [first, second, third, fourth].map(([{ counter }]) => counter);
        assert.ok(counters.every((counter, i) => i === 0 || counter > counters[i - 1]));
      });
    },
  );
  captures('what is installed and what is noted outlive the store', async (capture, store, place) => {
    await capture.install();
    await store.write([put(person('a'))]);
    await store.write([put(person('b'))]);
    await capture.clear((await capture.entries(10)).slice(0, 1));
    await reopened(store, place, async ({ store: other, live }) => {
      const again = live.capture as Capture;
      same((await again.stands()).stands, true);
      await other.write([put(person('c'))]);
      const entries = await again.entries(10);
      same(keysOf(entries), ['people b', 'people c']);
      assert.ok(entries.every(({ isSettled }) => isSettled));
      await again.clear(entries);
      same(await again.entries(10), []);
    });
  });
}

function keyOf(store: Store<SuiteSchema>, change: Change<SuiteSchema>): readonly unknown[] {
  if (change.kind === 'patch' || change.kind === 'remove') return change.key;
  const row = change.row as Readonly<Record<string, unknown>>;
  return store.schema[change.collection].key.map((field) => row[field]);
}
