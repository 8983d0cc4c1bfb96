import type { Row } from '../../schema/collection.ts';
import type { Store } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import { everything } from './bulk.cases.ts';
import { loadCasesOf, reopened } from './live.ts';
import { insert, person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** People of these ids, who have an age. */
const aged = (ids: string, age: number): Row[] => Array.from(ids, (id) => person(id, { age }));

async function held(store: Store<SuiteSchema>, ids: string, age: number): Promise<void> {
  for (const id of ids) await store.write([insert(person(id, { age }))]);
}

/** The age of each of these people, null for one who is not there. */
function ages(store: Store<SuiteSchema>, ids: string): Promise<(number | null)[]> {
  return Promise.all(Array.from(ids, async (id) => (await store.read('people', [id]))?.age ?? null));
}

/** A range that is loaded holds what was given and nothing else, and nothing beyond it has changed. */
export function loadCases(suite: Suite): void {
  const loads = loadCasesOf(suite);
  loads('a load makes, replaces and removes within its range alone', async (bulk, store) => {
    await held(store, 'abdeg', 1);
    const range = { after: ['b'], upTo: ['e'] };
    same(await bulk.load(1n, 'people', range, aged('cd', 2)), { written: 2, removed: 1 });
    same(await ages(store, 'abcdefg'), [1, 1, 2, 2, null, null, 1]);
    same(await bulk.load(1n, 'people', { after: ['f'], upTo: null }, aged('hi', 3)), { written: 2, removed: 1 });
    same(await ages(store, 'abcdefghi'), [1, 1, 2, 2, null, null, null, 3, 3]);
    same(await bulk.load(1n, 'people', { after: null, upTo: ['b'] }, []), { written: 0, removed: 2 });
    same(await ages(store, 'abcdhi'), [null, null, 2, 2, 3, 3]);
  });
  loads('what is equal already stays', async (bulk, store) => {
    await held(store, 'abc', 1);
    same((await bulk.load(1n, 'people', everything, [...aged('ab', 1), ...aged('c', 2)])).removed, 0);
    same(await ages(store, 'abc'), [1, 1, 2]);
    same(await bulk.range('people', everything, 10), [...aged('ab', 1), ...aged('c', 2)]);
  });
  loads('keys that are kept are neither written nor removed, whether they are given or not', async (bulk, store) => {
    await held(store, 'abcx', 1);
    const kept = [['a'], ['b'], ['d'], ['x'], ['none']];
    const counted = await bulk.load(1n, 'people', { after: null, upTo: ['m'] }, aged('bde', 2), kept);
    same(counted, { written: 1, removed: 1 });
    same(await ages(store, 'abcdex'), [1, 1, null, null, 2, 1]);
  });
  loads('a range of a key of two fields is exact', async (bulk, store) => {
    await held(store, 'ab', 1);
    const visit = (who: string, number: number, note: string | null = null) => ({ person: who, number, note });
    for (const [who, number] of [
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', 1],
      ['b', 2],
    ] as const)
      await store.write([{ kind: 'insert', collection: 'visits', row: visit(who, number) }]);
    const range = { after: ['a', 1], upTo: ['b', 1] };
    const rows = [visit('a', 3, 'x'), visit('b', 0, 'x')];
    same(await bulk.load(1n, 'visits', range, rows, [['b', 1]]), { written: 2, removed: 1 });
    same(await bulk.range('visits', everything, 10), [
      visit('a', 1),
      visit('a', 3, 'x'),
      visit('b', 0, 'x'),
      visit('b', 1),
      visit('b', 2),
    ]);
  });
  loads('many records at once', async (bulk, store) => {
    const count = store.supports.atomic ? 2_500 : 60;
    const all = Array.from({ length: count }, (_, i) => ({ word: `w${String(i).padStart(5, '0')}`, n: i }));
    same(await bulk.load(1n, 'words', everything, all), { written: count, removed: 0 });
    same(await bulk.range('words', everything, count + 1), all);
    const fewer = all.filter(({ n }) => n % 3 === 0);
    const kept = all.filter(({ n }) => n % 3 === 1).map(({ word }) => [word]);
    same((await bulk.load(1n, 'words', everything, fewer, kept)).removed, all.filter(({ n }) => n % 3 === 2).length);
    same(
      await bulk.range('words', everything, count),
      all.filter(({ n }) => n % 3 < 2),
    );
  });
  epochCases(loads);
  boundaryCases(loads);
}

/** Who may load. */
function epochCases(loads: ReturnType<typeof loadCasesOf>): void {
  loads('only the epoch that began last loads', async (bulk, store, { live: { mirror } }) => {
    await held(store, 'a', 1);
    await mirror?.begin(5n);
    for (const epoch of [1n, 4n, 6n]) await refused('E_FENCED', bulk.load(epoch, 'people', everything, aged('b', 2)));
    same(await ages(store, 'ab'), [1, null]);
    same(await bulk.load(5n, 'people', everything, aged('b', 2)), { written: 1, removed: 1 });
    same(await ages(store, 'ab'), [null, 2]);
  });
  loads(
    'no load of an earlier epoch is under way when the next has begun',
    async (bulk, store, { live: { mirror } }) => {
      await held(store, 'a', 1);
      const loading = bulk.load(1n, 'people', everything, aged('bcdefgh', 2)).then(
        () => 2,
        () => null,
      );
      await mirror?.begin(2n);
      const [atOnce] = await ages(store, 'h');
      same(await loading, atOnce);
      same(await ages(store, 'ah'), atOnce === null ? [1, null] : [null, 2]);
    },
  );
  loads('a worker that comes late is refused by another store of the place too', async (_bulk, store, place) => {
    await place.live.mirror?.begin(2n);
    await reopened(store, place, async ({ store: again, live }) => {
      // What is kept in the process ends with it; else the epoch outlives it.
      await live.mirror?.begin(2n);
      for (const epoch of [1n, 3n])
        await refused('E_FENCED', live.bulk?.load(epoch, 'people', everything, aged('a', 2)) ?? Promise.resolve());
      same(await again.read('people', ['a']), null);
    });
  });
}

/** The fence, the capture, unique sets and references. */
function boundaryCases(loads: ReturnType<typeof loadCasesOf>): void {
  loads('a load passes the fence, and is not captured', async (bulk, store, { live: { fence, capture } }) => {
    await held(store, 'ab', 1);
    await capture?.install();
    await fence?.set(1n);
    same(await bulk.load(1n, 'people', everything, aged('bc', 2)), { written: 2, removed: 1 });
    same(await ages(store, 'abc'), [null, 2, 2]);
    same(await capture?.entries(10), capture && []);
    if (fence !== undefined) await refused('E_FENCED', store.write([put(person('d'))]));
    await fence?.lift(1n);
    await store.write([put(person('d'))]);
    same(
      (await capture?.entries(10))?.map(({ key }) => key),
      capture && [['d']],
    );
  });
  loads('a record that is replaced keeps what refers to it', async (bulk, store) => {
    await held(store, 'ab', 1);
    const visit = { person: 'a', number: 1, note: 'stays' };
    await store.write([{ kind: 'insert', collection: 'visits', row: visit }]);
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 1n, person: 'b' } }]);
    same(await bulk.load(1n, 'people', everything, aged('abc', 2)), { written: 3, removed: 0 });
    same(await ages(store, 'abc'), [2, 2, 2]);
    same(await store.read('visits', ['a', 1]), visit);
    same(await store.read('badges', [1n]), { code: 1n, person: 'b' });
  });
  loads('what refers to a record that a load removes goes with it, or refuses the load', async (bulk, store) => {
    if (!store.supports.constraints) return;
    await held(store, 'abz', 1);
    await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: null } }]);
    await store.write([{ kind: 'insert', collection: 'badges', row: { code: 1n, person: 'z' } }]);
    same(await bulk.load(1n, 'people', { after: null, upTo: ['b'] }, aged('b', 2)), { written: 1, removed: 1 });
    same(await store.read('visits', ['a', 1]), null);
    await refused('E_REFERENCE', bulk.load(1n, 'people', everything, aged('b', 3)));
    same(await ages(store, 'z'), [1]);
    await refused('E_REFERENCE', bulk.load(1n, 'badges', everything, [{ code: 1n, person: 'nobody' }]));
    same(await store.read('badges', [1n]), { code: 1n, person: 'z' });
  });
  loads('a load that breaks a unique set is refused, and succeeds when it is free', async (bulk, store) => {
    if (!store.supports.constraints) return;
    await held(store, 'abc', 1);
    await store.write([put(person('x', { email: 'x@y', age: 1 }))]);
    const range = { after: null, upTo: ['m'] };
    const rows = [...aged('a', 2), person('c', { age: 2, email: 'x@y' })];
    await refused('E_UNIQUE', bulk.load(1n, 'people', range, rows), ['x@y']);
    same(await ages(store, 'abcx'), [1, 1, 1, 1]);
    await store.write([put(person('x', { age: 1 }))]);
    await bulk.load(1n, 'people', range, rows);
    same(await ages(store, 'abcx'), [2, null, 2, 1]);
    same((await store.read('people', ['c']))?.email, 'x@y');
  });
  loads('unique values may pass from record to record within a load', async (bulk, store) => {
    if (!store.supports.constraints) return;
    for (const [id, email] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'z'],
    ] as const)
      await store.write([insert(person(id, { email }))]);
    const rows = [person('a', { email: 'y' }), person('b', { email: 'x' }), person('d', { email: 'z' })];
    same(await bulk.load(1n, 'people', everything, rows), { written: 3, removed: 1 });
    same(await bulk.range('people', everything, 10), rows);
  });
}
