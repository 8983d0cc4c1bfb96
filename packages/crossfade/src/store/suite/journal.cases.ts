import assert from 'node:assert/strict';
import type { Capture } from '../live/capture.ts';
import { same, type Suite } from './check.ts';
import { keysOf, noted } from './capture.cases.ts';
import { liveCasesOf, reopened } from './live.ts';
import { insert, person, put } from './people.ts';

type Captures = ReturnType<typeof liveCasesOf<'capture'>>;

/** What was noted stays until it was seen, through everything that may come in between. */
export function journalCases(suite: Suite): void {
  const captures = liveCasesOf(suite, 'capture');
  entryCases(captures);
  lifeCases(captures);
  counterCases(captures);
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
      for (const { key } of entries) follower.set((key as [string])[0], await store.read('people', key ?? []));
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

/** Whoever has seen an entry can tell it from every other one. */
function counterCases(captures: Captures): void {
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
}
