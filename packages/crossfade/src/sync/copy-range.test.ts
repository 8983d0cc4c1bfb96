import { expect, test } from 'vitest';
import { seeded } from '../../test/fixtures/random.ts';
import { memoryPair } from '../../test/support/memory-pair.ts';
import { collections, type Key, type Row } from '../schema/collection.ts';
import { identity, mapping, oneToOne } from '../schema/mapping/declare.ts';
import type { Family, Mapping } from '../schema/mapping/mapping.ts';
import type { Change } from '../store/contract.ts';
import { type Copied, copyRange } from './copy-range.ts';
import { Drain } from './drain.ts';
import { sync } from './sync.ts';
import type { Refused } from './wanted.ts';

const schema = collections({
  people: {
    fields: {
      id: { type: 'integer' },
      email: { type: 'text', nullable: true },
      boss: { type: 'integer', nullable: true },
    },
    key: ['id'],
    unique: [['email']],
    references: [{ fields: ['boss'], to: 'people', onRemove: 'refuse' }],
  },
});
type Schema = typeof schema;
type Person = { id: number; email: string | null; boss: number | null };

const put = (id: number, email: string | null = null, boss: number | null = null): Change<Schema> => ({
  kind: 'put',
  collection: 'people',
  row: { id, email, boss },
});

async function pair(mapped: Mapping = identity(schema)) {
  const { leg, leader, follower, leading, following } = await memoryPair(schema, mapped);
  const [family] = mapped.families;
  return {
    leg,
    family,
    leader,
    follower,
    people: (): readonly Row[] => following.snapshot('people'),
    copyAll: async (limit: number) => {
      let after: Key | null = null;
      const refused = [];
      do {
        const copied = await copyRange(leg, family, after, { limit, removalsMax: 1_000 });
        refused.push(...copied.refused);
        after = copied.next;
      } while (after !== null);
      return refused;
    },
    expectEqual: () => expect(following.snapshot('people')).toEqual(leading.snapshot('people')),
  };
}

test.each([1, 2, 3, 100])('ranges of %i records join: all of them, and nothing beyond', async (limit) => {
  const { leader, follower, copyAll, expectEqual } = await pair();
  await follower.write([put(0, 'before'), put(4, 'x'), put(99, 'behind')]);
  await leader.write([1, 2, 3, 4, 5, 6].map((id) => put(id, `${id}`)));
  expect(await copyAll(limit)).toEqual([]);
  expectEqual();
  expect(await copyAll(limit)).toEqual([]);
  expectEqual();
});

test('an empty leader leaves an empty follower where that was allowed, and a whole one where it was not', async () => {
  const { leg, family, follower, copyAll, people } = await pair();
  await follower.write([put(1), put(2)]);
  await expect(copyRange(leg, family, null, { limit: 1, removalsMax: 1 })).rejects.toMatchObject({
    code: 'E_MASS_REMOVAL',
  });
  expect(people()).toHaveLength(2);
  await copyAll(1);
  expect(people()).toEqual([]);
});

test('what somebody exchanged at the follower after it was drained is put right', async () => {
  const { leg, leader, follower, copyAll, expectEqual } = await pair();
  await leader.write([put(1, 'a'), put(2, 'b')]);
  await new Drain(leg).round();
  await follower.write([put(1, null), put(2, 'a'), put(1, 'b')]);
  expect(await copyAll(1)).toEqual([]);
  expectEqual();
});

test('a parent that comes later comes with its child, and a unique value that has moved is taken along', async () => {
  const { leader, follower, copyAll, expectEqual } = await pair();
  await follower.write([put(1, 'b'), put(2, 'a')]);
  await leader.write([put(3), put(1, 'a', 3), put(2, 'b', 1)]);
  expect(await copyAll(1)).toEqual([]);
  expectEqual();
});

test('what the mapping refuses is told, is not touched, and keeps nothing else back', async () => {
  const forward = (row: Row): Row => {
    if (row.id === 2) throw new Error('mara');
    return row;
  };
  const key = { source: ['id'], target: ['id'] };
  const family = oneToOne({ source: 'people', target: 'people', key, forward, backward: (row) => row });
  const { leader, follower, copyAll, people } = await pair(
    mapping({ source: schema, target: schema, families: [family] }),
  );
  await follower.write([put(2, 'stays'), put(4, 'goes')]);
  await leader.write([put(1), put(2, 'new'), put(3)]);
  expect((await copyAll(2)).map(({ unit, code }) => [unit.key, code])).toEqual([[[2], 'E_UNIT_UNMAPPED']]);
  expect(people().map((row) => [row.id, (row as Person).email])).toEqual([
    [1, null],
    [2, 'stays'],
    [3, null],
  ]);
});

test('a family whose units ranges of keys do not hold is refused', async () => {
  const { leg } = await pair();
  const byEmail: Family = {
    name: 'people',
    source: [{ collection: 'people', by: ['email'] }],
    target: [{ collection: 'people', by: ['id'] }],
    forward: () => ({}),
    backward: () => ({}),
  };
  await expect(copyRange(leg, byEmail, null, { limit: 10, removalsMax: 0 })).rejects.toThrow(
    /ranges of keys are not ranges of units/,
  );
});

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'history %i: a copy in ranges, with writes and drains in between, ends equal',
  async (seed) => {
    const random = seeded(seed);
    const { leg, family, leader, expectEqual } = await pair();
    await leg.leader.capture.remove();
    const drain = new Drain(leg, { limit: 1 + random.below(3) });
    const id = (): number => random.below(9);
    const write = async (): Promise<void> => {
      const change: Change<Schema> =
        random.below(3) === 0
          ? { kind: 'remove', collection: 'people', key: [id()] }
          : put(id(), random.pick([null, 'x', 'y', 'z']), random.pick([null, id()]));
      // A constraint of the leader refuses some of them.
      await leader.write([change]).catch(() => undefined);
    };
    for (let i = 0; i < 12; i++) await write();
    await leg.leader.capture.install();
    const left: Refused[] = [];
    let after: Key | null = null;
    do {
      // A write may come in the middle of a copy; a drain waits for its end.
      const [copied]: [Copied, void] = await Promise.all([
        copyRange(leg, family, after, { limit: 1 + random.below(3), removalsMax: 9 }),
        write(),
      ]);
      after = copied.next;
      left.push(...copied.refused);
      await write();
      if (random.below(2) === 0) await drain.round();
    } while (after !== null);
    let last = await drain.round();
    while (last.cleared > 0) last = await drain.round();
    expect(last).toMatchObject({ waiting: 0, refused: [] });
    const again = await sync(
      leg,
      left.map(({ unit }) => unit),
      { removalsMax: 9 },
    );
    expect(again.refused).toEqual([]);
    expectEqual();
  },
);
