import { expect, test } from 'vitest';
import { seeded } from '../../test/fixtures/random.ts';
import { memoryPair } from '../../test/support/memory-pair.ts';
import { collections, type Key, type Row } from '../schema/collection.ts';
import { mapping, oneToOne } from '../schema/mapping/declare.ts';
import type { Change } from '../store/contract.ts';
import { compareRange } from './compare-range.ts';
import { Drain } from './drain.ts';

const things = {
  fields: {
    id: { type: 'text' },
    n: { type: 'bigint' },
    json: { type: 'json', nullable: true },
    bytes: { type: 'bytes', nullable: true },
  },
  key: ['id'],
} as const;
const schema = collections({ things });
type Schema = typeof schema;

/** The follower holds each number plus one, and nothing of the thing that is called `never`. */
const mapped = mapping({
  source: schema,
  target: schema,
  families: [
    oneToOne({
      source: 'things',
      target: 'things',
      key: { source: ['id'], target: ['id'] },
      forward: (row) => {
        if (row.id === 'never') throw new Error('no');
        return { ...row, n: (row.n as bigint) + 1n };
      },
      backward: (row) => ({ ...row, n: (row.n as bigint) - 1n }),
    }),
  ],
});
const put = (id: string, n: bigint, more: Partial<Row> = {}): Change<Schema> => ({
  kind: 'put',
  collection: 'things',
  row: { id, n, json: null, bytes: null, ...more },
});
const remove = (id: string): Change<Schema> => ({ kind: 'remove', collection: 'things', key: [id] });

async function pair() {
  const { leg, leader, follower } = await memoryPair(schema, mapped);
  const drain = new Drain(leg);
  return {
    leg,
    leader,
    follower,
    drain,
    compared: async (limit = 2) => {
      const found: { units: number; different: Key[]; owed: number } = { units: 0, different: [], owed: 0 };
      let after: Key | null = null;
      do {
        const range = await compareRange(leg, mapped.families[0], after, limit);
        found.units += range.units;
        found.different.push(...range.different.map(({ key }) => key));
        found.owed += range.owed;
        after = range.next;
      } while (after !== null);
      return found;
    },
  };
}

const ids = ['a', 'b', 'c', 'd', 'e'];

/** What somebody does to the follower, and whom the comparison has to name. */
const planted: Readonly<Record<string, readonly [change: Change<Schema>[], named: string[]]>> = {
  'a value that is another one': [[put('b', 7n)], ['b']],
  'a value of JSON': [[put('b', 2n, { json: { a: [1, 2] } as never })], ['b']],
  'a record that is missing in the middle': [[remove('c')], ['c']],
  'the last records missing': [
    [remove('d'), remove('e')],
    ['d', 'e'],
  ],
  'a record too many before, between and behind': [
    [put('0', 1n), put('bb', 1n), put('z', 1n)],
    ['0', 'bb', 'z'],
  ],
  'two records exchanged': [
    [put('a', 3n), put('b', 2n)],
    ['a', 'b'],
  ],
  'nothing at all': [[], []],
};

test.each(Object.entries(planted))('%s: named, and nothing else', async (_, [changes, named]) => {
  const { leader, follower, drain, compared } = await pair();
  await leader.write(
    ids.map((id, i) => put(id, BigInt(i + 1), { json: { b: 1, a: [1n] } as never, bytes: new Uint8Array([i]) })),
  );
  await leader.write([put('b', 1n, { json: { a: [1, 1] } as never }), put('a', 1n)]);
  await drain.round();
  if (changes.length > 0) await follower.write(changes);
  for (const limit of [1, 2, 3, 100]) {
    const { different, owed } = await compared(limit);
    expect(different.flat().sort()).toEqual(named);
    expect(owed).toBe(0);
  }
});

test('what the journal owes says nothing, and what the mapping refuses is different', async () => {
  const { leader, drain, compared } = await pair();
  await leader.write([put('a', 1n), put('b', 1n)]);
  await drain.round();
  await leader.write([put('a', 2n), remove('b'), put('never', 1n)]);
  expect(await compared()).toEqual({ units: 3, different: [], owed: 3 });
  await drain.round();
  expect(await compared()).toEqual({ units: 2, different: [], owed: 1 });
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'history %i: while it is written nothing is told but what was planted',
  async (seed) => {
    const random = seeded(seed);
    const { leader, follower, drain, compared } = await pair();
    const write = () =>
      leader.write([random.below(4) === 0 ? remove(random.pick(ids)) : put(random.pick(ids), BigInt(random.below(5)))]);
    for (let step = 0; step < 15; step++) {
      const [{ different }] = await Promise.all([
        compared(1 + random.below(3)),
        (async () => {
          for (let i = 0; i < 6; i++) {
            // Somewhere between two steps of the comparison.
            for (let turns = random.below(8); turns > 0; turns--) await Promise.resolve();
            await write();
          }
        })(),
      ]);
      expect(different).toEqual([]);
      if (random.below(2) === 0) await drain.round();
    }
    await drain.round();
    await follower.write([put('x', 1n)]);
    await write();
    expect((await compared()).different).toEqual([['x']]);
  },
);
