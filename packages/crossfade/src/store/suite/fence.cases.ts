import type { Store } from '../contract.ts';
import type { CrossfadeError } from '../../core/errors.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf, reopened } from './live.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** Writes that change something, by verb, where the person `a` is. */
const writes: Readonly<Record<string, (store: Store<SuiteSchema>) => Promise<unknown>>> = {
  insert: (store) => store.write([insert(person('b'))]),
  put: (store) => store.write([put(person('a', { age: 2 }))]),
  patch: (store) => store.write([{ kind: 'patch', collection: 'people', key: ['a'], set: { age: 2 } }]),
  remove: (store) => store.write([{ kind: 'remove', collection: 'people', key: ['a'] }]),
  update: (store) => store.update('people', ['a'], (row) => row && { ...row, age: 2 }),
  'another collection': (store) => store.write([{ kind: 'insert', collection: 'words', row: { word: 'w', n: 1 } }]),
};

/** Writes stop at a set fence, and an epoch that is over turns nothing. */
export function fenceCases(suite: Suite): void {
  const fences = liveCasesOf(suite, 'fence');
  fences('it refuses every write, lets reads through, and refuses none when it is lifted', async (fence, store) => {
    await store.write([insert(person('a', { age: 1 }))]);
    await fence.set(5n);
    same(await fence.state(), { epoch: 5n, isSet: true });
    const tried = Object.entries(writes).filter(([verb]) => verb !== 'update' || store.supports.update);
    for (const [, write] of tried) await refused('E_FENCED', write(store));
    same(await store.read('people', ['a']), person('a', { age: 1 }));
    same(await store.read('people', ['b']), null);
    if (store.supports.orderedScan) same((await store.scan('people')).rows, [person('a', { age: 1 })]);
    await fence.lift(5n);
    same(await fence.state(), { epoch: 5n, isSet: false });
    await store.write([put(person('a', { age: 3 }))]);
    same(await store.read('people', ['a']), person('a', { age: 3 }));
  });
  fences('when it is set, every write before it has ended', async (fence, store) => {
    const ids = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const written = ids.map((id) =>
      store.write([insert(person(id))]).then(
        () => true,
        (error: CrossfadeError) => {
          if (error.code === 'E_FENCED') return false;
          throw error;
        },
      ),
    );
    await fence.set(1n);
    const held = async (): Promise<boolean[]> =>
      Promise.all(ids.map(async (id) => (await store.read('people', [id])) !== null));
    const atOnce = await held();
    same(await Promise.all(written), atOnce);
    same(await held(), atOnce);
  });
  fences('nobody has turned it at first', async (fence, store) => {
    same(await fence.state(), { epoch: null, isSet: false });
    await store.write([put(person('a'))]);
  });
  epochCases(fences);
  fences('it outlives the store, set and lifted', async (fence, store, place) => {
    await fence.set(1n);
    await reopened(store, place, async ({ store: again, live }) => {
      same(await live.fence?.state(), { epoch: 1n, isSet: true });
      await refused('E_FENCED', again.write([put(person('a'))]));
      await live.fence?.lift(2n);
    });
    await reopened(store, place, async ({ store: again, live }) => {
      same(await live.fence?.state(), { epoch: 2n, isSet: false });
      await again.write([put(person('a'))]);
    });
  });
  fences('what was captured before it can be drained behind it', async (fence, store, { live: { capture } }) => {
    if (capture === undefined) return;
    await capture.install();
    await store.write([put(person('a'))]);
    await fence.set(1n);
    same((await capture.stands()).stands, true);
    const entries = await capture.entries(10);
    same(entries.length, 1);
    await capture.clear(entries);
    same(await capture.entries(10), []);
    await fence.lift(1n);
    same((await capture.stands()).stands, true);
  });
}

/** Who comes late changes nothing. */
function epochCases(fences: ReturnType<typeof liveCasesOf<'fence'>>): void {
  fences('an epoch that is over neither sets nor lifts it', async (fence) => {
    await fence.set(5n);
    await fence.set(5n);
    await refused('E_FENCED', fence.set(4n));
    await fence.set(6n);
    await refused('E_FENCED', fence.lift(5n));
    same(await fence.state(), { epoch: 6n, isSet: true });
    await fence.lift(6n);
    await fence.lift(6n);
    await refused('E_FENCED', fence.set(6n));
    await fence.set(7n);
    await fence.lift(9007199254740993n);
    await refused('E_FENCED', fence.set(9007199254740992n));
    same(await fence.state(), { epoch: 9007199254740993n, isSet: false });
  });
  fences('a lift that comes first keeps its own epoch from setting it', async (fence, store) => {
    await fence.lift(3n);
    await refused('E_FENCED', fence.set(3n));
    await store.write([put(person('a'))]);
    same(await fence.state(), { epoch: 3n, isSet: false });
  });
}
