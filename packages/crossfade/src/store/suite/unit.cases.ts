import assert from 'node:assert/strict';
import type { Row } from '../../schema/collection.ts';
import type { Store } from '../contract.ts';
import type { Mirror, MirroredUnit } from '../live/mirror.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf, reopened } from './live.ts';
import { insert, type Person, person } from './people.ts';
import type { SuiteSchema } from './schema.ts';

const visit = (who: string, number: number, note: string | null = null): Row => ({ person: who, number, note });

/** A person with all visits, as the leader has them: records of two collections, whose keys say which unit they are of. */
const stay = (id: string, version: bigint, people: readonly Person[], visits: readonly Row[]): MirroredUnit => ({
  unit: 'stays',
  key: [id],
  parts: [
    { collection: 'people', by: ['id'], rows: people },
    { collection: 'visits', by: ['person'], rows: visits },
  ],
  version,
});

/** All people of an age: records that may pass from unit to unit. */
const aged = (age: number, version: bigint, ids: readonly string[], more: Partial<Person> = {}): MirroredUnit => ({
  unit: 'ages',
  key: [age],
  parts: [{ collection: 'people', by: ['age'], rows: ids.map((id) => person(id, { age, ...more })) }],
  version,
});

async function visitsOf(store: Store<SuiteSchema>, who: string): Promise<unknown[]> {
  const found = [];
  for (let number = 1; number <= 4; number++) {
    const row = await store.read('visits', [who, number]);
    if (row !== null) found.push(row);
  }
  return found;
}

/** Records of the same age, as the store finds them one by one. */
async function agesAre(store: Store<SuiteSchema>, ages: Readonly<Record<string, number | null>>): Promise<void> {
  for (const [id, age] of Object.entries(ages)) same((await store.read('people', [id]))?.age ?? null, age);
}

type Mirrors = ReturnType<typeof liveCasesOf<'mirror'>>;

/** Several records under one guard: the follower holds exactly those of the latest reading, whoever comes when. */
export function unitCases(suite: Suite): void {
  const mirrors = liveCasesOf(suite, 'mirror');
  exactCases(mirrors);
  guardCases(mirrors);
  moveCases(mirrors);
}

function exactCases(mirrors: Mirrors): void {
  mirrors('a unit holds exactly the records that were given: made, replaced, removed', async (mirror, store) => {
    await store.write([insert(person('a'))]);
    await store.write([insert(person('b'))]);
    for (const row of [visit('a', 1), visit('a', 2), visit('a', 3), visit('b', 1)])
      await store.write([{ kind: 'insert', collection: 'visits', row: row as never }]);
    await mirror.begin(1n);
    const wanted = [visit('a', 2, 'new'), visit('a', 4)];
    same(await mirror.apply(1n, [stay('a', 1n, [person('a', { age: 7 })], wanted)]), 1);
    same(await visitsOf(store, 'a'), wanted);
    same(await store.read('people', ['a']), person('a', { age: 7 }));
    same(await visitsOf(store, 'b'), [visit('b', 1)]);
    same(await store.read('people', ['b']), person('b'));
  });
  mirrors('the last record of a unit goes from both of its collections', async (mirror, store) => {
    await mirror.begin(1n);
    same(await mirror.apply(1n, [stay('a', 1n, [person('a')], [visit('a', 1)]), stay('b', 1n, [person('b')], [])]), 2);
    same(await mirror.apply(1n, [stay('a', 2n, [person('a')], [])]), 1);
    same(await visitsOf(store, 'a'), []);
    same(await store.read('people', ['a']), person('a'));
    same(await mirror.apply(1n, [stay('a', 3n, [], []), stay('none', 3n, [], [])]), 2);
    same(await store.read('people', ['a']), null);
    same(await store.read('people', ['b']), person('b'));
    same(await mirror.apply(1n, [stay('a', 2n, [person('a')], [visit('a', 1)])]), 0);
    same(await store.read('people', ['a']), null);
  });
  mirrors('a call that is refused leaves its units, and their guards, as they were', async (mirror, store) => {
    if (!store.supports.constraints) return;
    await store.write([insert(person('x', { email: 'x@y' }))]);
    await mirror.begin(1n);
    await mirror.apply(1n, [stay('a', 1n, [person('a')], [visit('a', 1)])]);
    const taking = stay('a', 2n, [person('a', { email: 'x@y' })], [visit('a', 2)]);
    await refused('E_UNIQUE', mirror.apply(1n, [taking]), ['x@y']);
    await refused('E_REFERENCE', mirror.apply(1n, [stay('a', 2n, [], [visit('a', 2)])]));
    same(await visitsOf(store, 'a'), [visit('a', 1)]);
    const free = { collection: 'people', key: ['x'], row: null, version: 1n };
    same(await mirror.apply(1n, [free, taking]), 2);
    same(await visitsOf(store, 'a'), [visit('a', 2)]);
    same(await store.read('people', ['a']), person('a', { email: 'x@y' }));
  });
}

function guardCases(mirrors: Mirrors): void {
  mirrors('an older reading of a unit is passed over, although its records are others', async (mirror, store) => {
    await mirror.begin(1n);
    // Who saw entry 1 has read {a}; who saw entry 2 has read {b}, and writes first.
    const [first, second] = [aged(7, 1n, ['a']), aged(7, 2n, ['b'])];
    same(await mirror.apply(1n, [second]), 1);
    same(await mirror.apply(1n, [first]), 0);
    await agesAre(store, { a: null, b: 7 });
    same(await mirror.apply(1n, [aged(7, 2n, ['a', 'c'])]), 0);
    await agesAre(store, { a: null, b: 7, c: null });
    same(await mirror.apply(1n, [aged(7, 5n, ['a']), aged(7, 4n, ['c']), aged(7, 6n, ['a', 'b'])]), 2);
    await agesAre(store, { a: 7, b: 7, c: null });
  });
  mirrors('a unit has another guard than a record, or a unit of another make, of its key', async (mirror, store) => {
    await mirror.begin(1n);
    same(await mirror.apply(1n, [{ collection: 'people', key: ['a'], row: person('a'), version: 9n }]), 1);
    same(await mirror.apply(1n, [stay('a', 1n, [person('a', { age: 1 })], [])]), 1);
    same(await mirror.apply(1n, [{ ...stay('a', 1n, [person('a', { age: 2 })], []), unit: 'others' }]), 1);
    same(await mirror.apply(1n, [stay('b', 1n, [person('b')], [])]), 1);
    same(await store.read('people', ['a']), person('a', { age: 2 }));
  });
  mirrors(
    'the guard of a unit outlives the store, and an epoch, and is forgotten by reset',
    async (mirror, store, place) => {
      await mirror.begin(1n);
      await mirror.apply(1n, [aged(7, 5n, ['a']), aged(8, 5n, [])]);
      await reopened(store, place, async ({ store: again, live }) => {
        const other = live.mirror as Mirror;
        same(await other.apply(1n, [aged(7, 4n, ['b']), aged(8, 4n, ['c']), aged(9, 1n, ['d'])]), 1);
        await agesAre(again, { a: 7, b: null, c: null, d: 9 });
        await other.begin(2n);
        await refused('E_FENCED', other.apply(1n, [aged(7, 9n, [])]));
        same(await other.apply(2n, [aged(7, 1n, ['b'])]), 1);
        same(await other.apply(2n, [aged(7, 1n, ['a'])]), 0);
        await other.reset();
        same(await other.apply(2n, [aged(7, 1n, ['c'])]), 1);
        await agesAre(again, { a: null, b: null, c: 7, d: 9 });
      });
    },
  );
}

function moveCases(mirrors: Mirrors): void {
  mirrors('a record passes from unit to unit where both are given, and is taken from none', async (mirror, store) => {
    await mirror.begin(1n);
    await mirror.apply(1n, [aged(1, 1n, ['a', 'b']), aged(2, 5n, ['c'])]);
    await refused('E_UNIQUE', mirror.apply(1n, [aged(3, 2n, ['a'])]));
    await refused('E_UNIQUE', mirror.apply(1n, [aged(1, 2n, ['a', 'c']), aged(2, 5n, [])]));
    await refused('E_UNIQUE', mirror.apply(1n, [aged(1, 2n, ['a']), aged(3, 2n, ['a'])]));
    await agesAre(store, { a: 1, b: 1, c: 2 });
    same(await mirror.apply(1n, [aged(3, 2n, ['a']), aged(1, 2n, ['b', 'c']), aged(2, 6n, [])]), 3);
    await agesAre(store, { a: 3, b: 1, c: 1 });
  });
  mirrors('a record that does not belong to its unit is refused', async (mirror, store) => {
    await mirror.begin(1n);
    await assert.rejects(mirror.apply(1n, [aged(1, 1n, ['a'], { age: 2 })]), TypeError);
    same(await store.read('people', ['a']), null);
    same(await mirror.apply(1n, [aged(1, 1n, ['a'])]), 1);
  });
}
