import assert from 'node:assert/strict';
import { everything } from './bulk.cases.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf } from './live.ts';
import { insert, person, put } from './people.ts';

/** Several reads of one state, while others write. */
export function snapshotCases(suite: Suite): void {
  const bulks = liveCasesOf(suite, 'bulk');
  const snapshots: typeof bulks = (what, run) =>
    bulks(`a snapshot ${what}`, async (bulk, store, place) =>
      store.supports.snapshot
        ? run(bulk, store, place)
        : refused(
            'E_UNSUPPORTED',
            bulk.snapshot(async () => undefined),
          ),
    );
  snapshots(
    'sees nothing of what is written while it reads, and the writes go on',
    async (bulk, store, { live: { mirror } }) => {
      const people = ['a', 'b', 'd'].map((id) => person(id, { age: 1 }));
      for (const row of people) await store.write([insert(row)]);
      await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'b', number: 1, note: null } }]);
      const later = [person('a', { age: 2 }), person('c', { age: 2 }), person('e', { age: 2 })];
      await bulk.snapshot(async (snapshot) => {
        same(await snapshot.range('people', everything, 1), people.slice(0, 1));
        for (const row of later) await store.write([put(row)]);
        await store.write([{ kind: 'remove', collection: 'people', key: ['b'] }]);
        await store.write([put(person('b', { age: 3 }))]);
        await store.write([{ kind: 'remove', collection: 'people', key: ['d'] }]);
        await store.write([put(later[0])]);
        same(await store.read('people', ['a']), later[0]);
        same(await snapshot.range('people', everything, 10), people);
        same(await snapshot.range('people', { after: ['a'], upTo: ['b'] }, 10), people.slice(1, 2));
        same(await snapshot.range('people', { after: ['a'], upTo: null }, 1), people.slice(1, 2));
        same(await snapshot.range('visits', everything, 10), [{ person: 'b', number: 1, note: null }]);
        same(await snapshot.read('people', ['a']), people[0]);
        same(await snapshot.read('people', ['d']), people[2]);
        same(await snapshot.read('people', ['c']), null);
        await mirror?.begin(1n);
        if (mirror === undefined) await store.write([{ kind: 'remove', collection: 'people', key: ['e'] }]);
        else await bulk.load(1n, 'people', { after: ['d'], upTo: null }, []);
        same(await snapshot.read('people', ['e']), null);
        same(await snapshot.range('people', everything, 10), people);
      });
      const now = [...later.slice(0, 1), person('b', { age: 3 }), later[1]];
      same(await bulk.range('people', everything, 10), now);
      await bulk.snapshot(async (snapshot) => same(await snapshot.range('people', everything, 10), now));
    },
  );
  snapshots('begun within another has its own state', async (bulk, store) => {
    await store.write([put(person('a', { age: 1 }))]);
    await bulk.snapshot(async (first) => {
      same((await first.read('people', ['a']))?.age, 1);
      await store.write([put(person('a', { age: 2 }))]);
      await bulk.snapshot(async (second) => {
        same((await second.read('people', ['a']))?.age, 2);
        await store.write([put(person('a', { age: 3 }))]);
        same((await second.read('people', ['a']))?.age, 2);
        same((await first.read('people', ['a']))?.age, 1);
      });
      await store.write([put(person('a', { age: 4 }))]);
      same((await first.read('people', ['a']))?.age, 1);
    });
    same((await store.read('people', ['a']))?.age, 4);
  });
  snapshots('answers what its reader answers, or throws what it throws', async (bulk, store) => {
    same(await bulk.snapshot(async () => 7), 7);
    const own = new Error('mine');
    const failing = bulk.snapshot(() => Promise.reject(own));
    await assert.rejects(failing, (error) => error === own);
    await store.write([put(person('a'))]);
    same(await bulk.range('people', everything, 10), [person('a')]);
  });
  underWayCases(snapshots);
}

/** A snapshot that begins within a write. */
function underWayCases(snapshots: ReturnType<typeof liveCasesOf<'bulk'>>): void {
  snapshots('begun while a write is under way has all of it or nothing', async (bulk, store) => {
    const numbers = store.supports.constraints ? [1, 2, 3, 4] : [];
    await store.write([insert(person('a'))]);
    for (const number of numbers)
      await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number, note: null } }]);
    const counted = (): Promise<number> =>
      bulk.snapshot(async (snapshot) => {
        const visits = await snapshot.range('visits', everything, 10);
        return visits.length + (await snapshot.range('people', everything, 10)).length;
      });
    await bulk.snapshot(async (first) => {
      let isWriting = true;
      const writing = store
        .write([{ kind: 'remove', collection: 'people', key: ['a'] }])
        .finally(() => (isWriting = false));
      const counts: Promise<number>[] = [];
      for (; isWriting && counts.length < 50; await new Promise(setImmediate)) counts.push(counted());
      await writing;
      for (const count of await Promise.all(counts)) assert.ok(count === 0 || count === numbers.length + 1, `${count}`);
      same((await first.range('visits', everything, 10)).length, numbers.length);
    });
  });
}
