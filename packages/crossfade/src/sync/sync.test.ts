import { describe, expect, test } from 'vitest';
import { seeded } from '../../test/fixtures/random.ts';
import { memoryPair } from '../../test/support/memory-pair.ts';
import { collections, type Row } from '../schema/collection.ts';
import { identity, mapping, oneToOne } from '../schema/mapping/declare.ts';
import type { Mapping } from '../schema/mapping/mapping.ts';
import type { Change } from '../store/contract.ts';
import { memoryIntents } from '../store/live/memory-intents.ts';
import { Drain } from './drain.ts';
import { sync } from './sync.ts';

const schema = collections({
  people: {
    fields: { id: { type: 'text' }, email: { type: 'text', nullable: true } },
    key: ['id'],
    unique: [['email']],
  },
  badges: {
    fields: { code: { type: 'integer' }, person: { type: 'text', nullable: true } },
    key: ['code'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'refuse' }],
  },
});
type Schema = typeof schema;

const person = (id: string, email: string | null = null): Change<Schema> => ({
  kind: 'put',
  collection: 'people',
  row: { id, email },
});
const badge = (code: number, of: string | null): Change<Schema> => ({
  kind: 'put',
  collection: 'badges',
  row: { code, person: of },
});
const gone = (collection: 'people' | 'badges', key: string | number): Change<Schema> => ({
  kind: 'remove',
  collection,
  key: [key],
});
const unit = (family: string, key: string | number) => ({ family, key: [key] });

const any = { removalsMax: 1_000 };

/** A store that leads and one that follows, both in memory and empty. */
async function pair(mapped: Mapping = identity(schema)) {
  const { leg, leader, leading, following } = await memoryPair(schema, mapped);
  const all = (driver: typeof leading): Record<string, readonly Row[]> =>
    Object.fromEntries(Object.keys(schema).map((name) => [name, driver.snapshot(name)]));
  return {
    leg,
    leader,
    following,
    /** Drains until nothing more is cleared. */
    drained: async (drain = new Drain(leg)) => {
      let last = await drain.round();
      while (last.cleared > 0) last = await drain.round();
      return last;
    },
    expectEqual: () => expect(all(following)).toEqual(all(leading)),
  };
}

describe('sync', () => {
  test('makes the record what the leader has by now: there, changed, or gone', async () => {
    const { leg, leader, following, expectEqual } = await pair();
    await leader.write([person('a'), person('b')]);
    expect(await sync(leg, [unit('people', 'a')], any)).toEqual({ written: 1, held: 1, gone: 0, refused: [] });
    expect(following.snapshot('people')).toEqual([{ id: 'a', email: null }]);
    await leader.write([person('a', 'x'), gone('people', 'b')]);
    const units = ['a', 'b', 'c'].map((key) => unit('people', key));
    await sync({ ...leg, stamp: () => 9n }, units, any);
    expectEqual();
    // What comes late finds a later stamp noted.
    await leader.write([person('a', 'y')]);
    expect(await sync(leg, units, any)).toMatchObject({ written: 0, refused: [] });
  });

  test('writes nothing for an epoch that is over', async () => {
    const { leg, leader, following } = await pair();
    await leader.write([person('a')]);
    await following.mirror.begin(2n);
    await expect(sync(leg, [unit('people', 'a')], any)).rejects.toMatchObject({ code: 'E_FENCED' });
    expect(following.snapshot('people')).toEqual([]);
  });

  test('removes no more than it may, and then nothing at all', async () => {
    const { leg, leader, following } = await pair();
    await leader.write([person('a'), person('b'), person('c')]);
    const units = ['a', 'b', 'c'].map((key) => unit('people', key));
    await sync(leg, units, any);
    await leader.write([gone('people', 'a'), gone('people', 'b'), person('c', 'x')]);
    await expect(sync(leg, units, { removalsMax: 1 })).rejects.toMatchObject({
      code: 'E_MASS_REMOVAL',
      facts: { removals: 2, removalsMax: 1 },
    });
    expect(following.snapshot('people')).toHaveLength(3);
    expect(following.snapshot('people')[2]).toEqual({ id: 'c', email: null });
  });
});

test('what stands in the way is removed only as far as it may be, and counts', async () => {
  const { leg, leader, following } = await pair();
  await leader.write([person('a', 'x')]);
  await sync(leg, [unit('people', 'a')], any);
  // The leader has lost its records, and somebody takes the address again.
  await leader.write([gone('people', 'a'), person('b', 'x')]);
  expect(await sync(leg, [unit('people', 'b')], { removalsMax: 0 })).toMatchObject({
    written: 0,
    gone: 0,
    refused: [{ unit: unit('people', 'b'), reason: 'conflict' }],
  });
  expect(following.snapshot('people')).toEqual([{ id: 'a', email: 'x' }]);
  expect(await sync(leg, [unit('people', 'b')], { removalsMax: 1 })).toMatchObject({ written: 2, held: 1, gone: 1 });
  expect(following.snapshot('people')).toEqual([{ id: 'b', email: 'x' }]);
});

/** What the leader does at once, and the one unit that is synced of it: it takes along what stands in its way. */
const entangled: Readonly<
  Record<string, readonly [before: Change<Schema>[], then: Change<Schema>[], synced: ReturnType<typeof unit>]>
> = {
  'two records that exchange a unique value': [
    [person('a', 'x'), person('b', 'y')],
    [person('a', null), person('b', 'x'), person('a', 'y')],
    unit('people', 'a'),
  ],
  'a ring of unique values': [
    [person('a', 'x'), person('b', 'y'), person('c', 'z')],
    [person('a', null), person('c', 'x'), person('b', 'z'), person('a', 'y')],
    unit('people', 'b'),
  ],
  'a child before its parent': [[], [person('a'), badge(1, 'a')], unit('badges', 1)],
  'a parent before its child has left': [
    [person('a'), person('b'), badge(1, 'a')],
    [badge(1, 'b'), gone('people', 'a')],
    unit('people', 'a'),
  ],
  'a parent before its child has gone': [
    [person('a'), badge(1, 'a')],
    [gone('badges', 1), gone('people', 'a')],
    unit('people', 'a'),
  ],
};

test.each(Object.entries(entangled))('%s', async (_, [before, then, synced]) => {
  const { leg, leader, drained, expectEqual } = await pair();
  if (before.length > 0) await leader.write(before);
  await drained();
  expectEqual();
  await leader.write(then);
  expect((await sync(leg, [synced], any)).refused).toEqual([]);
  expectEqual();
  await drained();
  expectEqual();
});

describe('draining', () => {
  test('clears what it has made up for, and nothing else', async () => {
    const { leg, leader, drained, expectEqual } = await pair();
    await leader.write([person('a', 'x'), person('b'), badge(1, 'b')]);
    await leader.write([person('a', 'y')]);
    expect(await new Drain(leg).round()).toEqual({
      written: 3,
      held: 3,
      gone: 0,
      refused: [],
      cleared: 4,
      waiting: 0,
      unnamed: 0,
      isMore: false,
      isDrained: true,
    });
    expectEqual();
    expect(await drained()).toMatchObject({ cleared: 0, waiting: 0 });
  });

  test('passes over what cannot be mapped or held, keeps it, and comes to what lies behind it', async () => {
    const strict = mapping({
      source: schema,
      target: {
        ...schema,
        people: { ...schema.people, fields: { ...schema.people.fields, email: { type: 'uuid', nullable: true } } },
      },
      families: [
        ...identity(schema).families.filter(({ name }) => name !== 'people'),
        oneToOne({
          source: 'people',
          target: 'people',
          key: { source: ['id'], target: ['id'] },
          forward: (row) => {
            if (row.id === 'bad') throw new Error('mara');
            return row;
          },
          backward: (row) => row,
        }),
      ],
    });
    const { leg, leader, following } = await pair(strict);
    await leader.write([person('bad'), person('a', 'no uuid'), person('b'), badge(1, 'a'), person('c')]);
    const drain = new Drain(leg, { limit: 2 });
    const codes: unknown[] = [];
    let cleared = 0;
    for (let round = 0; round < 6; round++) {
      const { refused, cleared: more } = await drain.round();
      cleared += more;
      codes.splice(0, codes.length, ...refused.map(({ unit: { key }, code }) => [...key, code]));
    }
    expect(cleared).toBe(2);
    expect(codes).toEqual([
      ['bad', 'E_UNIT_UNMAPPED'],
      ['a', 'E_ROW_INVALID'],
      [1, 'E_REFERENCE'],
    ]);
    expect(following.snapshot('people').map(({ id }) => id)).toEqual(['b', 'c']);
    await leader.write([person('a', '0190163d-8694-739b-aea5-966c26f8ad91')]);
    for (let round = 0; round < 6; round++) await drain.round();
    expect(following.snapshot('badges')).toEqual([{ code: 1, person: 'a' }]);
    expect((await leg.leader.capture.entries(10)).map(({ key }) => key)).toEqual([['bad']]);
  });

  test('makes up for an earlier write that lands after a later one was made up for', async () => {
    const { leg, leader, following } = await pair();
    const log = memoryIntents({ lifeMs: 0 });
    await log.open(['people']);
    await log.install();
    const drain = new Drain({ ...leg, leader: { ...leg.leader, capture: log } });
    const touched = [{ collection: 'people', key: ['a'] }];
    const lost = await log.begin(touched);
    const next = await log.begin(touched);
    await leader.write([person('a', 'second')]);
    next.end();
    expect(await drain.round()).toMatchObject({ written: 1, cleared: 1, waiting: 1 });
    // Of the first nobody has heard, and now it is there.
    await leader.write([person('a', 'first')]);
    lost.end();
    expect(await drain.round()).toMatchObject({ written: 1, cleared: 1, waiting: 0 });
    expect(following.snapshot('people')).toEqual([{ id: 'a', email: 'first' }]);
  });

  test('stops where round for round nothing is left of what was written', async () => {
    const { leg, leader, following, drained } = await pair();
    await leader.write([1, 2, 3, 4, 5, 6].map((n) => person(`${n}`)));
    await drained();
    const drain = new Drain(leg, { limit: 2, removalsMax: 3 });
    await leader.write([gone('people', '1'), gone('people', '2'), person('7'), gone('people', '3')]);
    while ((await drain.round()).cleared > 0);
    await leader.write([gone('people', '4'), gone('people', '5'), gone('people', '6'), gone('people', '7')]);
    await drain.round();
    await expect(drain.round()).rejects.toMatchObject({ code: 'E_MASS_REMOVAL' });
    expect(following.snapshot('people')).toHaveLength(2);
  });

  test('stops there too where every round meets the same unit in quarantine', async () => {
    const strict = mapping({
      source: { people: schema.people },
      target: {
        people: { ...schema.people, fields: { ...schema.people.fields, email: { type: 'uuid', nullable: true } } },
      },
      families: identity({ people: schema.people }).families,
    });
    const { leg, leader, following, drained } = await pair(strict);
    await leader.write(['0', '1', '2', '3', '4', '5'].map((id) => person(id)));
    await drained();
    const drain = new Drain(leg, { limit: 2, removalsMax: 3 });
    await leader.write([person('bad', 'no uuid')]);
    expect(await drain.round()).toMatchObject({ held: 0, refused: [{ reason: 'unfit' }], isDrained: false });
    await leader.write(['0', '1', '2', '3'].map((id) => gone('people', id)));
    expect(await drain.round()).toMatchObject({ gone: 2 });
    await expect(drain.round()).rejects.toMatchObject({ code: 'E_MASS_REMOVAL' });
    expect(following.snapshot('people')).toHaveLength(4);
  });

  test('leaves a write that is under way to a later round', async () => {
    const { leg, leader, following, drained, expectEqual } = await pair();
    await leader.write([person('a')]);
    const { capture } = leg.leader;
    const underWay = async (limit: number) =>
      (await capture.entries(limit)).map((each) => ({ ...each, isSettled: false }));
    const early = { ...leg, leader: { ...leg.leader, capture: { ...capture, entries: underWay } } };
    expect(await new Drain(early).round()).toMatchObject({ written: 0, cleared: 0, waiting: 1 });
    expect(following.snapshot('people')).toEqual([]);
    await drained();
    expectEqual();
  });

  test('refuses a mapping whose units keys do not name', async () => {
    const { leg } = await pair();
    const family = { name: 'people', forward: () => ({}), backward: () => ({}) };
    const part = { collection: 'people', by: ['id'] };
    const byEmail = { collection: 'people', by: ['email'] };
    const unnamed = mapping({
      source: { people: schema.people },
      target: { people: schema.people },
      families: [{ ...family, source: [byEmail], target: [part] }],
    });
    expect(() => new Drain({ ...leg, mapping: unnamed })).toThrow(/do not name units of the family "people"/);
  });
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'history %i: whatever is written while it is drained, the follower ends equal and nothing is owed',
  async (seed) => {
    const random = seeded(seed);
    const { leg, leader, expectEqual } = await pair();
    const drain = new Drain(leg, { limit: 1 + random.below(4) });
    const id = (): string => random.pick(['a', 'b', 'c', 'd']);
    const change = (): Change<Schema> =>
      random.pick([
        () => person(id(), random.pick([null, 'x', 'y', 'z'])),
        () => gone('people', id()),
        () => badge(random.below(3), random.pick([null, id()])),
        () => gone('badges', random.below(3)),
      ])();
    for (let step = 0; step < 60; step++) {
      const writes = Array.from({ length: 1 + random.below(3) }, change);
      // Constraints refuse some of them, at the leader already.
      const writing = leader.write(writes).catch(() => undefined);
      const draining = random.below(2) === 0 ? drain.round() : undefined;
      await Promise.all([writing, draining]);
    }
    for (let rounds = 0; rounds < 100; rounds++) if ((await drain.round()).cleared === 0) break;
    expect(await drain.round()).toMatchObject({ waiting: 0, refused: [] });
    expectEqual();
  },
);
