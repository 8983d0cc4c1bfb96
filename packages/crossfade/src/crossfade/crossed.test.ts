import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { watch } from '../../test/support/watch.ts';
import { filesDriver } from '../drivers/files/files.ts';
import { memoryDriver } from '../drivers/memory/memory.ts';
import type { Control } from '../ledger/contract.ts';
import { MemoryLedger } from '../ledger/memory.ts';
import { type StateName, stateNames, states } from '../ledger/states.ts';
import { collections } from '../schema/collection.ts';
import { openStore } from '../store/store.ts';
import { storeSuite } from '../store/suite/suite.ts';
import { crossedDriver } from './crossed.ts';

const by = { actor: 'operator', commit: 'c0ffee' };
const group = 'words';
const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
const insert = (word: string, n: number) => ({ kind: 'insert', collection: 'words', row: { word, n } }) as const;

async function stepTo(ledger: MemoryLedger, to: StateName): Promise<void> {
  const { state, epoch } = (await ledger.control(group)) as Control;
  const budget = states[to].leader === null && states[state].leader !== null ? { budgetMs: 60_000 } : {};
  expect(await ledger.step(group, { ...by, from: { state, epoch }, to, ...budget })).toMatchObject({ outcome: 'done' });
}

/** A ledger whose group has come as far as this state, the shortest way. */
async function ledgerIn(name: StateName, nowMs = () => performance.now()): Promise<MemoryLedger> {
  const ledger = new MemoryLedger({ nowMs });
  await ledger.begin(group, 'm1', by);
  const way = stateNames.slice(1, stateNames.indexOf('primary') + 1);
  for (const next of way.slice(0, way.indexOf(name) + 1)) await stepTo(ledger, next);
  return ledger;
}

describe.each(['legacy', 'shadow', 'armed', 'primary'] as const)('two stores that cross are a store, in %s', (name) => {
  storeSuite(test, async () => {
    const [source, target] = [memoryDriver(), memoryDriver()];
    const ledger = await ledgerIn(name);
    return { driver: () => crossedDriver({ ledger, group, mappingHash: 'm1', source, target }) };
  });
});

test.each([
  ['legacy', 'source'],
  ['shadow', 'source'],
  ['primary', 'target'],
] as const)('in %s a write goes to the %s and to no other', async (name, side) => {
  const drivers = { source: memoryDriver(), target: memoryDriver() };
  const crossed = crossedDriver({ ledger: await ledgerIn(name), group, mappingHash: 'm1', ...drivers });
  const store = openStore(schema, crossed);
  await store.write([insert('here', 1)]);
  expect(await store.read('words', ['here'])).toEqual({ word: 'here', n: 1 });
  expect((await store.scan('words')).rows).toHaveLength(1);
  const held = Object.entries(drivers).flatMap(([each, driver]) => driver.snapshot('words').map(() => each));
  expect(held).toEqual([side]);
  await store.close();
});

/** A store in `armed` on a clock that stands still. */
async function armed() {
  const clock = new VirtualClock();
  const ledger = await ledgerIn('armed', () => clock.nowMs());
  const [source, target] = [memoryDriver(), memoryDriver()];
  const store = openStore(schema, crossedDriver({ ledger, group, mappingHash: 'm1', source, target, clock }));
  await store.open();
  const walk = async (...names: StateName[]): Promise<void> => {
    for (const name of names) {
      await stepTo(ledger, name);
      await clock.pass(20);
    }
  };
  return { clock, ledger, source, target, store, walk };
}

test('a write of the freeze waits for the cutover, and is the target’s', async () => {
  const { source, target, store, walk } = await armed();
  await store.write([insert('before', 1)]);
  await walk('frozen');
  const during = store.write([insert('during', 2)]);
  const raised = store.update('words', ['raised'], (row) => ({ word: 'raised', n: (row?.n ?? 0) + 1 }));
  await walk('switched', 'primary');
  await during;
  expect(await raised).toEqual({ word: 'raised', n: 1 });
  expect(source.snapshot('words')).toMatchObject([{ word: 'before' }]);
  expect(target.snapshot('words')).toMatchObject([{ word: 'during' }, { word: 'raised' }]);
  await store.close();
});

test('a write that the fence has refused is made once, by the state behind it', async () => {
  const { clock, source, target, store, walk } = await armed();
  // The fence is set by who drives the cutover, before this instance has heard of the freeze.
  await source.fence.set(1n);
  const late = store.write([insert('late', 1)]);
  await clock.pass(500);
  await walk('frozen', 'switched', 'primary');
  await late;
  expect([source.snapshot('words'), target.snapshot('words')]).toMatchObject([[], [{ word: 'late' }]]);
  await store.close();
});

test('a write that no state lets through is refused when its patience is over, and nothing of it is done', async () => {
  const { clock, source, target, store, walk } = await armed();
  await source.fence.set(1n);
  const fenced = watch(store.write([insert('fenced', 1)]));
  await clock.pass(1_001);
  await walk('frozen');
  const frozen = watch(store.write([insert('frozen', 1)]));
  await clock.pass(1_001);
  expect([fenced.what, frozen.what]).toEqual(['E_CROSSING_FROZEN', 'E_CROSSING_FROZEN']);
  expect([...source.snapshot('words'), ...target.snapshot('words')]).toEqual([]);
  await store.close();
});

test('nobody joins while it is frozen, and who could not join has let go of both stores', async () => {
  const ledger = await ledgerIn('frozen');
  const [source, target] = [filesDriver({ dir: tempFolder() }), memoryDriver()];
  const store = openStore(schema, crossedDriver({ ledger, group, mappingHash: 'm1', source, target }));
  await expect(store.read('words', ['a'])).rejects.toMatchObject({ code: 'E_CROSSING_FROZEN' });
  await expect(source.capture.stands()).rejects.toMatchObject({ code: 'E_STORE_CLOSED' });
  await stepTo(ledger, 'switched');
  await stepTo(ledger, 'primary');
  await store.write([insert('a', 1)]);
  expect(target.snapshot('words')).toHaveLength(1);
  await store.close();
  expect((await ledger.members(group)).instances).toEqual([]);
});

test('a process that was counted out while it could not be reached goes on as another instance', async () => {
  const { clock, ledger, source, store, walk } = await armed();
  await walk('shadow');
  const [{ id }] = (await ledger.members(group)).instances;
  await clock.pass(0);
  clock.skip(60_000);
  await ledger.markUnclean(id);
  await clock.pass(1_000);
  await store.write([insert('after', 1)]);
  expect(source.snapshot('words')).toHaveLength(1);
  const ids = (await ledger.members(group)).instances.map((each) => [each.id === id, each.isUnclean]);
  expect(ids).toHaveLength(2);
  expect(ids).toEqual(
    expect.arrayContaining([
      [true, true],
      [false, false],
    ]),
  );
  await store.close();
  expect((await ledger.members(group)).instances.map((each) => each.id)).toEqual([id]);
});
