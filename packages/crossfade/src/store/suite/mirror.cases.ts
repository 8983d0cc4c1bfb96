import assert from 'node:assert/strict';
import type { Key, Row } from '../../schema/collection.ts';
import type { Mirror, Mirrored } from '../live/mirror.ts';
import { refused, same, type Suite } from './check.ts';
import { liveCasesOf, reopened } from './live.ts';
import { insert, person, put } from './people.ts';

/** A person as the leader has it, or has no longer. */
const given = (id: string, version: bigint, row: Row | null): Mirrored => ({
  collection: 'people',
  key: [id],
  row,
  version,
});
const aged = (id: string, version: bigint, age: number): Mirrored => given(id, version, person(id, { age }));
const gone = (id: string, version: bigint): Mirrored => given(id, version, null);

/** What another store leads arrives once, in the leader's order, and from nobody whose epoch is over. */
export function mirrorCases(suite: Suite): void {
  const mirrors = liveCasesOf(suite, 'mirror');
  mirrors('records are made, replaced and removed as the leader has them', async (mirror, store) => {
    await store.write([insert(person('b', { age: 1, team: 'x' }))]);
    await store.write([insert(person('c'))]);
    await mirror.begin(1n);
    same(await mirror.apply(1n, [aged('a', 1n, 7), aged('b', 2n, 8), gone('c', 3n), gone('none', 4n)]), 4);
    same(await store.read('people', ['a']), person('a', { age: 7 }));
    same(await store.read('people', ['b']), person('b', { age: 8 }));
    same(await store.read('people', ['c']), null);
    same(await mirror.apply(1n, []), 0);
  });
  mirrors('records of every kind of key', async (mirror, store) => {
    await mirror.begin(1n);
    const records: readonly (readonly [string, Key, Row])[] = [
      ['badges', [9007199254740993n], { code: 9007199254740993n, person: null }],
      [
        'moments',
        ['2026-03-01T09:30:00.000001Z', '2026-03-01', true],
        { at: '2026-03-01T09:30:00.000001Z', day: '2026-03-01', on: true },
      ],
      ['words', [`'"\\ü\u{1f600}`], { word: `'"\\ü\u{1f600}`, n: 1 }],
      ['odd names; "quoted"', [1], { 'a key': 1, SELECT: 'x', __proto__x: null, constructor: null }],
    ];
    const mirrored = records.map(([collection, key, row]) => ({ collection, key, row, version: 1n }));
    same(await mirror.apply(1n, mirrored), records.length);
    same(await mirror.apply(1n, mirrored), 0);
    for (const [collection, key, row] of records) same(await store.read(collection as 'people', key), row);
  });
  mirrors('what came before is passed over, also when the record is gone', async (mirror, store) => {
    await mirror.begin(1n);
    same(await mirror.apply(1n, [aged('a', 5n, 5)]), 1);
    same(await mirror.apply(1n, [aged('a', 5n, 6)]), 0);
    same(await mirror.apply(1n, [aged('a', 4n, 4), gone('a', 3n), aged('b', 1n, 1)]), 1);
    same(await store.read('people', ['a']), person('a', { age: 5 }));
    same(await mirror.apply(1n, [gone('a', 6n)]), 1);
    same(await mirror.apply(1n, [aged('a', 5n, 5), aged('a', 6n, 6)]), 0);
    same(await store.read('people', ['a']), null);
    same(await mirror.apply(1n, [aged('a', 9223372036854775807n, 7)]), 1);
    same(await mirror.apply(1n, [aged('a', 9223372036854775806n, 6)]), 0);
    same(await store.read('people', ['a']), person('a', { age: 7 }));
  });
  mirrors('one key several times in one call: in order, and the older is passed over', async (mirror, store) => {
    await mirror.begin(1n);
    same(await mirror.apply(1n, [aged('a', 1n, 1), gone('a', 2n), aged('a', 4n, 4), aged('a', 3n, 3)]), 3);
    same(await store.read('people', ['a']), person('a', { age: 4 }));
  });
  mirrors(
    'the guard is of the mirror: what is written here in between neither moves it nor stays',
    async (mirror, store) => {
      await mirror.begin(1n);
      await mirror.apply(1n, [aged('a', 1n, 1)]);
      await store.write([put(person('a', { age: 50 }))]);
      same(await mirror.apply(1n, [aged('a', 1n, 1)]), 0);
      same(await store.read('people', ['a']), person('a', { age: 50 }));
      same(await mirror.apply(1n, [aged('a', 2n, 2)]), 1);
      same(await store.read('people', ['a']), person('a', { age: 2 }));
    },
  );
  epochCases(mirrors);
  boundaryCases(mirrors);
}

type Mirrors = ReturnType<typeof liveCasesOf<'mirror'>>;

/** Who may apply, and what of it outlives the store. */
function epochCases(mirrors: Mirrors): void {
  mirrors('only the epoch that began last applies', async (mirror, store) => {
    await refused('E_FENCED', mirror.apply(1n, [aged('a', 1n, 1)]));
    await mirror.begin(5n);
    await mirror.begin(5n);
    await refused('E_FENCED', mirror.begin(4n));
    for (const epoch of [4n, 6n]) await refused('E_FENCED', mirror.apply(epoch, [aged('a', 9n, 1)]));
    same(await store.read('people', ['a']), null);
    same(await mirror.apply(5n, [aged('a', 1n, 1)]), 1);
    await mirror.begin(9007199254740993n);
    await refused('E_FENCED', mirror.apply(9007199254740992n, [aged('a', 9n, 9)]));
    await refused('E_FENCED', mirror.apply(5n, [aged('a', 9n, 9)]));
    same(await store.read('people', ['a']), person('a', { age: 1 }));
  });
  mirrors('a later epoch counts before any version', async (mirror, store) => {
    await mirror.begin(1n);
    await mirror.apply(1n, [aged('a', 9n, 9)]);
    await mirror.begin(2n);
    same(await mirror.apply(2n, [aged('a', 1n, 1)]), 1);
    same(await mirror.apply(2n, [aged('a', 1n, 2)]), 0);
    same(await store.read('people', ['a']), person('a', { age: 1 }));
  });
  mirrors('epoch and guards outlive the store', async (mirror, store, place) => {
    await mirror.begin(3n);
    await mirror.apply(3n, [aged('a', 5n, 5), gone('b', 5n)]);
    await reopened(store, place, async ({ store: again, live }) => {
      const other = live.mirror as Mirror;
      await refused('E_FENCED', other.begin(2n));
      await refused('E_FENCED', other.apply(2n, [aged('a', 9n, 9)]));
      same(await other.apply(3n, [aged('a', 4n, 4), aged('b', 4n, 4), aged('c', 1n, 1)]), 1);
      same(await again.read('people', ['a']), person('a', { age: 5 }));
      same(await again.read('people', ['b']), null);
    });
  });
  mirrors('who applies late is refused by what another store of the place has begun', async (mirror, store, place) => {
    assert.notEqual(store.supports.lateApplier, 'none', 'a mirror says what becomes of late appliers');
    if (store.supports.writers === 'one') return;
    const other = place.reopen();
    await other.store.open();
    try {
      await mirror.begin(1n);
      await mirror.apply(1n, [aged('a', 1n, 1)]);
      await other.live.mirror?.begin(2n);
      await refused('E_FENCED', mirror.apply(1n, [aged('a', 9n, 9), aged('b', 9n, 9)]));
      await refused('E_FENCED', mirror.begin(1n));
      same(await other.live.mirror?.apply(2n, [aged('a', 1n, 2)]), 1);
      same(await store.read('people', ['a']), person('a', { age: 2 }));
      same(await store.read('people', ['b']), null);
    } finally {
      await other.store.close();
    }
  });
  mirrors('reset forgets what was noted of keys, and not the epoch', async (mirror, store) => {
    await mirror.begin(3n);
    await mirror.apply(3n, [aged('a', 5n, 5), gone('b', 5n)]);
    await mirror.reset();
    await refused('E_FENCED', mirror.begin(2n));
    same(await mirror.apply(3n, [aged('a', 1n, 1), aged('b', 1n, 2)]), 2);
    same(await store.read('people', ['a']), person('a', { age: 1 }));
    await mirror.reset();
  });
}

/** The fence, the capture, unique sets and references. */
function boundaryCases(mirrors: Mirrors): void {
  mirrors('it passes the fence, and is not captured', async (mirror, store, { live: { fence, capture } }) => {
    await capture?.install();
    await fence?.set(1n);
    await mirror.begin(1n);
    same(await mirror.apply(1n, [aged('a', 1n, 1), aged('b', 1n, 1)]), 2);
    same(await mirror.apply(1n, [gone('b', 2n)]), 1);
    same(await store.read('people', ['a']), person('a', { age: 1 }));
    same(await capture?.entries(10), capture && []);
    if (fence !== undefined) {
      same((await fence.state()).isSet, true);
      await refused('E_FENCED', store.write([put(person('c'))]));
      await fence.lift(1n);
    }
    await store.write([put(person('c'))]);
    same(
      (await capture?.entries(10))?.map(({ key }) => key),
      capture && [['c']],
    );
  });
  mirrors('an equal value of a unique set is refused, and applied when it is free', async (mirror, store) => {
    if (!store.supports.constraints) return;
    await store.write([insert(person('a', { email: 'x@y' }))]);
    await mirror.begin(1n);
    const [other, taking] = [aged('b', 1n, 1), given('c', 2n, person('c', { email: 'x@y' }))];
    await refused('E_UNIQUE', mirror.apply(1n, [other, taking]), ['x@y']);
    same(await store.read('people', ['c']), null);
    same(await store.read('people', ['b']), null);
    same(await mirror.apply(1n, [given('a', 3n, person('a')), other, taking]), 3);
    same(await store.read('people', ['b']), person('b', { age: 1 }));
    same(await store.read('people', ['c']), person('c', { email: 'x@y' }));
  });
  mirrors('unique sets and references count at the end of a call', async (mirror, store) => {
    if (!store.supports.constraints) return;
    await store.write([insert(person('a', { email: 'x' }))]);
    await store.write([insert(person('b', { email: 'y' }))]);
    await mirror.begin(1n);
    const badge = { collection: 'badges', key: [1n], row: { code: 1n, person: 'c' }, version: 1n };
    const swap = [
      given('a', 2n, person('a', { email: 'y' })),
      given('b', 3n, person('b', { email: 'x' })),
      badge,
      aged('c', 4n, 4),
    ];
    same(await mirror.apply(1n, swap), 4);
    same(await store.read('people', ['b']), person('b', { email: 'x' }));
  });
  mirrors('a record that is replaced keeps what refers to it', async (mirror, store) => {
    await store.write([insert(person('a'))]);
    const visit = { person: 'a', number: 1, note: 'stays' };
    await store.write([{ kind: 'insert', collection: 'visits', row: visit }]);
    await mirror.begin(1n);
    await mirror.apply(1n, [aged('a', 1n, 1)]);
    same(await store.read('visits', ['a', 1]), visit);
    if (!store.supports.constraints) return;
    await mirror.apply(1n, [gone('a', 2n)]);
    same(await store.read('visits', ['a', 1]), null);
  });
}
