import { expect, test } from 'vitest';
import { memoryCrossing, word, words } from '../../test/support/memory-crossing.ts';
import { watch } from '../../test/support/watch.ts';
import { CrossfadeError } from '../core/errors.ts';
import { memoryDriver } from '../drivers/memory/memory.ts';
import type { Crossable } from './crossing.ts';

type On = Awaited<ReturnType<typeof memoryCrossing>>;

/** A driver of which some parts behave differently. */
function changed(driver: Crossable, parts: Partial<Crossable>): Crossable {
  return Object.assign(Object.create(driver) as Crossable, parts);
}

const patch = (name: string, n: number) => ({ kind: 'patch', collection: 'words', key: [name], set: { n } }) as const;

/** Which gates of the next step are closed. */
const closed = async (on: On): Promise<unknown> =>
  (await on.operator().status()).next?.gates.filter(({ why }) => why !== null).map(({ gate }) => gate);

/** A driver whose journal fails once when it is told to. */
function failingOnce(driver: Crossable): { driver: Crossable; fail: () => void } {
  let isToFail = false;
  const entries: Crossable['capture']['entries'] = async (limit) => {
    if (!isToFail) return driver.capture.entries(limit);
    isToFail = false;
    throw new Error('once');
  };
  return {
    driver: changed(driver, { capture: { ...driver.capture, entries } }),
    fail: () => (isToFail = true),
  };
}

test.each([
  ['source', 1],
  ['target', 3],
] as const)(
  'behind an error of the %s what is written to a key that was written before is followed',
  async (side, steps) => {
    const on = await memoryCrossing();
    const { driver, fail } = failingOnce(on[side]);
    on.keeper('keeper 1', { [side]: driver });
    for (let i = 0; i < steps; i++) await on.during(on.operator().advance());
    await on.store.write([word('one', 1)]);
    await on.clock.pass(20_000);
    await on.store.write([patch('one', 2)]);
    await on.clock.pass(500);
    fail();
    await on.clock.pass(3_000);
    await on.store.write([patch('one', 99)]);
    await on.clock.pass(5_000);
    expect([on.held('source'), on.held('target')]).toEqual([['one 99'], ['one 99']]);
  },
);

test('a keeper that gets the part back tells nothing of what it knew before', async () => {
  const on = await memoryCrossing();
  const { ledger, source, target, store, clock } = on;
  await store.write([word('one', 1)]);
  const asleep = Promise.withResolvers<void>();
  let isAsleep = false;
  const entries: typeof source.capture.entries = async (limit) => {
    if (isAsleep) await asleep.promise;
    return source.capture.entries(limit);
  };
  const keep: typeof ledger.keep = async (...given) => {
    if (isAsleep) throw new CrossfadeError('E_LEDGER_FAILED', 'out of reach');
    return ledger.keep(...given);
  };
  const cut = Object.assign(Object.create(ledger) as typeof ledger, { keep });
  on.keeper('keeper 1', { ledger: cut, source: changed(source, { capture: { ...source.capture, entries } }) });
  await on.during(on.operator().advance());
  await clock.pass(500);
  isAsleep = true;
  await clock.pass(6_000);
  await source.capture.remove();
  await store.write([word('unnoted', 7)]);
  // The other one has captured anew, and ends before it has copied.
  const load: typeof target.bulk.load = () => Promise.reject(new Error('ends here'));
  const second = on.keeper('keeper 2', { target: changed(target, { bulk: { ...target.bulk, load } }) });
  await clock.pass(500);
  await on.during(second.stop());
  isAsleep = false;
  asleep.resolve();
  await clock.pass(5_000);
  expect(on.held('target')).toEqual(['one 1', 'unnoted 7']);
});

test.each([
  ['source', 1, 'target'],
  ['target', 3, 'source'],
] as const)(
  'where the capture of the %s was made anew and the answer was lost, everything is copied',
  async (side, steps, follower) => {
    const on = await memoryCrossing();
    const driver = on[side];
    let isToLose = false;
    const install = async (): Promise<void> => {
      await driver.capture.install();
      const isLost = isToLose;
      isToLose = false;
      if (isLost) throw new Error('the answer was lost');
    };
    on.keeper('keeper 1', { [side]: changed(driver, { capture: { ...driver.capture, install } }) });
    for (let i = 0; i < steps; i++) await on.during(on.operator().advance());
    await on.clock.pass(500);
    await driver.capture.remove();
    await on.store.write([word('unnoted', 7)]);
    isToLose = true;
    await on.clock.pass(5_000);
    expect(on.held(follower)).toEqual(['unnoted 7']);
  },
);

test('a keeper that wakes late does not capture anew what another one captures by then', async () => {
  const on = await memoryCrossing();
  const { ledger, source, store, clock } = on;
  await store.write([word('one', 1)]);
  const asleep = Promise.withResolvers<void>();
  let isAsleep = false;
  let late: unknown = 'waiting';
  const stands: typeof source.capture.stands = async () => {
    if (!isAsleep) return source.capture.stands();
    await asleep.promise;
    return { stands: false, unarmed: [], isSchemaChanged: false };
  };
  const remove = async (): Promise<void> => {
    if (isAsleep) late = 'removed';
    return source.capture.remove();
  };
  const keep: typeof ledger.keep = async (group, request) => {
    // What it is told then is what was true when it fell asleep.
    if (isAsleep && request.keeper === 'keeper 1') return { ...(await asleepKept), turn: firstTurn };
    return ledger.keep(group, request);
  };
  const cut = Object.assign(Object.create(ledger) as typeof ledger, { keep });
  on.keeper('keeper 1', { ledger: cut, source: changed(source, { capture: { ...source.capture, stands, remove } }) });
  await on.during(on.operator().advance());
  await clock.pass(1_000);
  const asleepKept = ledger.keep('words', { keeper: 'keeper 1', leaseMs: 5_000 });
  const firstTurn = (await asleepKept).turn;
  isAsleep = true;
  await clock.pass(6_000);
  on.keeper('keeper 2');
  await clock.pass(1_000);
  asleep.resolve();
  await clock.pass(3_000);
  expect(late).toBe('waiting');
  await store.write([patch('one', 2)]);
  await clock.pass(1_000);
  expect(on.held('target')).toEqual(['one 2']);
});

test('a journal that vanishes in a rollback is not taken for an empty one', async () => {
  const on = await memoryCrossing();
  const { target, ledger, clock, store } = on;
  let isToVanish = false;
  const entries: typeof target.capture.entries = async (limit) => {
    if (isToVanish && (await ledger.control('words'))?.state === 'back-switched') {
      isToVanish = false;
      await target.capture.remove();
    }
    return target.capture.entries(limit);
  };
  on.keeper('keeper 1', { target: changed(target, { capture: { ...target.capture, entries } }) });
  for (let i = 0; i < 3; i++) await on.during(on.operator().advance());
  await clock.pass(1_000);
  isToVanish = true;
  const back = watch(on.operator().rollback());
  await store.write([word('last', 5)]);
  await clock.pass(60_000);
  expect([back.what, isToVanish]).toEqual(['E_CROSSING_ABORTED', false]);
  expect([on.held('target'), on.held('source')]).toEqual([['last 5'], ['last 5']]);
});

test('a freeze ends in its time, also where no keeper can do what its state asks for', async () => {
  const on = await memoryCrossing();
  const { ledger, target, clock } = on;
  const set: typeof target.fence.set = async (turn) => {
    if ((await ledger.control('words'))?.state === 'frozen') throw new Error('refused');
    return target.fence.set(turn);
  };
  on.keeper('keeper 1', { target: changed(target, { fence: { ...target.fence, set } }) });
  for (let i = 0; i < 2; i++) await on.during(on.operator().advance());
  for (const to of ['armed', 'frozen'] as const) {
    const { state, epoch } = (await ledger.members('words')).control;
    const budget = to === 'frozen' ? { budgetMs: 1_000 } : {};
    await ledger.step('words', { from: { state, epoch }, to, actor: 'gone', commit: 'c0ffee', ...budget });
    await clock.pass(200);
  }
  await clock.pass(5_000);
  expect((await ledger.control('words'))?.state).toBe('armed');
  // Nobody goes on from there either.
  await clock.pass(70_000);
  expect((await ledger.control('words'))?.state).toBe('shadow');
});

test('a journal that is longer than what is looked at closes the gate', async () => {
  const on = await memoryCrossing();
  const { target, clock, store } = on;
  let isSlow = false;
  const apply: typeof target.mirror.apply = async (...given) => {
    if (isSlow) await clock.wait(5_000);
    return target.mirror.apply(...given);
  };
  on.keeper('keeper 1', { target: changed(target, { mirror: { ...target.mirror, apply } }) });
  for (let i = 0; i < 2; i++) await on.during(on.operator().advance());
  isSlow = true;
  for (let j = 0; j < 6; j++)
    await store.write(Array.from({ length: 500 }, (_, i) => word(`w${j}-${i}`, j * 1_000 + i)));
  await clock.pass(25_000);
  expect(await closed(on)).toContain('owed');
});

test('what was compared before the capture was torn down counts no more', async () => {
  const on = await memoryCrossing();
  const { source, target, store, clock } = on;
  await store.write([word('one', 1)]);
  let isStuck = false;
  const scan: typeof target.scan = async (...given) => {
    if (isStuck) await clock.wait(60_000);
    return target.scan(...given);
  };
  on.keeper('keeper 1', { target: changed(target, { scan }) });
  for (let i = 0; i < 2; i++) await on.during(on.operator().advance());
  await clock.pass(1_000);
  expect(await closed(on)).toEqual([]);
  isStuck = true;
  await source.capture.remove();
  await store.write([word('unnoted', 7)]);
  await clock.pass(2_000);
  expect(await closed(on)).toContain('verified');
});

test('a source in memory that begins anew while PostgreSQL leads is filled before a rollback may be', async () => {
  const on = await memoryCrossing();
  await on.store.write([word('one', 1), word('two', 2)]);
  const first = on.keeper('keeper 1');
  for (let i = 0; i < 3; i++) await on.during(on.operator().advance());
  await on.during(first.stop());
  const source = memoryDriver();
  await source.open(words);
  on.keeper('keeper 2', { source });
  expect((await on.during(on.operator().rollback())).control.state).toBe('shadow');
  await on.clock.pass(3_000);
  expect(source.snapshot('words')).toHaveLength(2);
  expect(on.held('target')).toEqual(['one 1', 'two 2']);
});

test('a source in memory that begins anew while it leads takes nothing away from the other store', async () => {
  const on = await memoryCrossing();
  await on.store.write([word('one', 1), word('two', 2)]);
  const first = on.keeper('keeper 1');
  await on.during(on.operator().advance());
  await on.clock.pass(500);
  await on.during(first.stop());
  const source = memoryDriver();
  await source.open(words);
  on.keeper('keeper 2', { source });
  await on.clock.pass(5_000);
  expect(on.held('target')).toEqual(['one 1', 'two 2']);
  expect((await on.ledger.members('words')).keeping?.findings).toMatchObject({
    isDone: false,
    trouble: 'E_SOURCE_RESTARTED',
  });
  expect(await closed(on)).toContain('keeper');
});

test('behind a failover of PostgreSQL the old store is not overwritten by what PostgreSQL has left', async () => {
  const on = await memoryCrossing();
  const { ledger, source, store, clock } = on;
  const first = on.keeper('keeper 1');
  for (let i = 0; i < 3; i++) await on.during(on.operator().advance());
  await store.write([word('one', 1)]);
  await clock.pass(500);
  await on.during(first.stop());
  const keep: typeof ledger.keep = async (...given) => {
    const kept = await ledger.keep(...given);
    return { ...kept, control: { ...kept.control, server: { ...kept.control.server, timeline: 2 } } };
  };
  on.keeper('keeper 2', { ledger: Object.assign(Object.create(ledger) as typeof ledger, { keep }) });
  await on.target.write([patch('one', 2)]);
  await clock.pass(3_000);
  expect(source.snapshot('words')).toEqual([{ word: 'one', n: 1 }]);
});

test('a damaged record that nobody can name does not make the copy begin anew all the time', async () => {
  const on = await memoryCrossing();
  const { source, store, clock } = on;
  await store.write([word('one', 1)]);
  let ranges = 0;
  const range: typeof source.bulk.range = async (collection, asked, limit, onDamaged) => {
    ranges++;
    onDamaged?.({ key: null, error: new CrossfadeError('E_RECORD_DAMAGED', 'it cannot be read') });
    return source.bulk.range(collection, asked, limit);
  };
  on.keeper('keeper 1', { source: changed(source, { bulk: { ...source.bulk, range } }) });
  await on.during(on.operator().advance());
  await clock.pass(130_000);
  expect([ranges > 1, ranges < 6]).toEqual([true, true]);
  expect((await on.ledger.members('words')).keeping?.findings?.quarantined).toBeGreaterThan(0);
});
