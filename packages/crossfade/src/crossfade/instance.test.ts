import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { watch } from '../../test/support/watch.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { Control, Ledger, Renewal, Server } from '../ledger/contract.ts';
import { laggardsOf } from '../ledger/laggards.ts';
import { MemoryLedger } from '../ledger/memory.ts';
import { type StateName, states } from '../ledger/states.ts';
import { Instance } from './instance.ts';

const by = { actor: 'operator', commit: 'c0ffee' };
const group = 'sessions';

/** A ledger and some instances of one clock; `isReached` cuts the first instance off, and `server` is who answers it. */
async function crossing(count = 1) {
  const clock = new VirtualClock();
  const memory = new MemoryLedger({ nowMs: () => clock.nowMs() });
  await memory.begin(group, 'm1', by);
  const net: { isReached: boolean; server: Server | null } = { isReached: true, server: null };
  const cut: Ledger = Object.assign(Object.create(memory) as Ledger, {
    renew: async (id: string, renewal: Renewal): Promise<Control> => {
      if (!net.isReached) throw new CrossfadeError('E_LEDGER_FAILED', 'out of reach');
      const control = await memory.renew(id, renewal);
      return net.server === null ? control : { ...control, server: net.server };
    },
  });
  const instances = Array.from(
    { length: count },
    (_, i) => new Instance({ ledger: i === 0 ? cut : memory, group, mappingHash: 'm1', id: `i${i}`, clock }),
  );
  for (const instance of instances) await instance.start();
  const step = async (to: StateName): Promise<void> => {
    const { state, epoch } = (await memory.control(group)) as Control;
    const budget = states[to].leader === null && states[state].leader !== null ? { budgetMs: 60_000 } : {};
    expect(await memory.step(group, { ...by, from: { state, epoch }, to, ...budget })).toMatchObject({
      outcome: 'done',
    });
  };
  /** Takes steps, and waits after each until all have heard of it. */
  const walk = async (...names: StateName[]): Promise<void> => {
    for (const name of names) {
      await step(name);
      await clock.pass(1_000);
    }
  };
  const lagging = async () => laggardsOf(await memory.members(group)).live.map(({ id }) => id);
  return { clock, memory, net, instances, instance: instances[0], step, walk, lagging };
}

const name = ({ name: state }: { name: StateName }): StateName => state;

test('a call acts by the state that the ledger says, and every state is acknowledged', async () => {
  const { instance, walk, lagging } = await crossing(2);
  for (const state of ['dual', 'shadow', 'armed'] as const) {
    await walk(state);
    expect([instance.write(name), instance.read(name)]).toEqual([state, state]);
    expect(await lagging()).toEqual([]);
  }
  await walk('frozen', 'switched', 'primary');
  expect(instance.write(({ state }) => state.leader)).toBe('target');
  expect(await lagging()).toEqual([]);
});

test('a state is not acknowledged while a write is under way that began before it', async () => {
  const { clock, instance, step, lagging } = await crossing(2);
  const write = Promise.withResolvers<void>();
  const answer = instance.write(() => write.promise);
  const read = Promise.withResolvers<void>();
  const reading = instance.read(() => read.promise);
  await step('dual');
  await clock.pass(3_000);
  expect(instance.write(name)).toBe('dual');
  expect(await lagging()).toEqual(['i0']);
  write.reject(new Error('refused by the store'));
  await expect(answer).rejects.toThrow('refused by the store');
  await clock.pass(1_000);
  expect(await lagging()).toEqual([]);
  read.resolve();
  await reading;
});

test('a write whose outcome nobody knows is under way for as long as it may land', async () => {
  const { clock, instance, step, lagging } = await crossing();
  const unknown = watch(
    instance.write(async () => {
      throw new CrossfadeError('E_OUTCOME_UNKNOWN', 'no answer came');
    }),
  );
  await step('dual');
  await clock.pass(29_000);
  expect([unknown.what, await lagging()]).toEqual(['E_OUTCOME_UNKNOWN', ['i0']]);
  const stopped = watch(instance.stop());
  await clock.pass(900);
  expect(stopped.what).toBe('waiting');
  await clock.pass(100);
  expect(stopped.what).toBeUndefined();
});

test('a write waits while nobody leads, goes to who leads then, and is refused when its patience is over', async () => {
  const { clock, instance, walk, step } = await crossing();
  await walk('dual', 'shadow', 'armed', 'frozen');
  const patient = watch(instance.write(name));
  await clock.pass(900);
  expect(patient.what).toBe('waiting');
  expect(instance.read(({ state }) => state.reads)).toBe('source');
  await step('switched');
  await clock.pass(40);
  expect(instance.read(({ state }) => state.reads)).toBe('target');
  await step('primary');
  await clock.pass(40);
  expect(patient.what).toBe('primary');
  await walk('back-switched');
  const refused = watch(instance.write(name));
  await clock.pass(1_001);
  expect(refused.what).toBe('E_CROSSING_FROZEN');
});

test('out of reach, an instance goes on in dual and shadow, stops in armed with its lease, and comes back', async () => {
  const { clock, net, instance, walk } = await crossing();
  await walk('dual', 'shadow');
  net.isReached = false;
  await clock.pass(60_000);
  expect([instance.write(name), instance.read(name)]).toEqual(['shadow', 'shadow']);
  net.isReached = true;
  await walk('armed');
  net.isReached = false;
  await clock.pass(4_000);
  expect(instance.write(name)).toBe('armed');
  await clock.pass(1_000);
  const [write, read] = [watch(instance.write(name)), watch(instance.read(name))];
  await clock.pass(500);
  expect([write.what, read.what]).toEqual(['waiting', 'waiting']);
  net.isReached = true;
  await clock.pass(20);
  expect([write.what, read.what]).toEqual(['armed', 'armed']);
  net.isReached = false;
  await clock.pass(6_000);
  const late = watch(instance.write(name));
  await clock.pass(1_001);
  expect(late.what).toBe('E_LEASE_ENDED');
});

test('behind a failover the source is written on, the target is not, and nothing that the ledger says is acted by', async () => {
  const { clock, net, instance, walk, lagging } = await crossing();
  await walk('dual');
  net.server = { systemIdentifier: 'memory', timeline: 2 };
  await clock.pass(1_000);
  expect(instance.isBroken).toBe('another timeline');
  await walk('shadow');
  expect(instance.write(name)).toBe('dual');
  expect(await lagging()).toEqual(['i0']);
  const old = Promise.withResolvers<void>();
  const answer = instance.write(() => old.promise);
  instance.accept();
  // What began by the other history is older than whatever this one says.
  await clock.pass(1_000);
  expect(await lagging()).toEqual(['i0']);
  old.resolve();
  await answer;
  net.server = null;
  await clock.pass(1_000);
  // Back again is another history too.
  expect(instance.isBroken).toBe('another timeline');
  instance.accept();
  expect(instance.write(name)).toBe('shadow');
  await clock.pass(1_000);
  await walk('armed', 'frozen', 'switched', 'primary');
  net.server = { systemIdentifier: 'another', timeline: 1 };
  await clock.pass(1_000);
  const [write, read] = [watch(instance.write(name)), watch(instance.read(name))];
  await clock.pass(1_001);
  expect([write.what, read.what]).toEqual(['E_LEDGER_BROKEN', 'E_LEDGER_BROKEN']);
});

test('when the crossing is over, neither a failover nor the silence of the ledger stops anything', async () => {
  const { clock, net, instance, walk } = await crossing();
  await walk('dual', 'shadow', 'armed', 'frozen', 'switched', 'primary', 'final');
  net.server = { systemIdentifier: 'memory', timeline: 2 };
  await clock.pass(1_000);
  expect(instance.isBroken).toBe('another timeline');
  net.isReached = false;
  await clock.pass(60_000);
  expect([instance.write(name), instance.read(name)]).toEqual(['final', 'final']);
});

test('one that was marked unclean takes part no more, and says so to whoever waits', async () => {
  const { clock, net, memory, instance, walk } = await crossing();
  await walk('dual', 'shadow', 'armed');
  net.isReached = false;
  await clock.pass(5_500);
  await memory.markUnclean('i0');
  const waiting = watch(instance.write(name));
  net.isReached = true;
  await clock.pass(20);
  expect(waiting.what).toBe('E_INSTANCE_OVER');
  expect(() => instance.read(name)).toThrow(expect.objectContaining({ code: 'E_INSTANCE_OVER' }));
});

test('stopping waits for the writes under way, leaves, and refuses what comes later', async () => {
  const { clock, memory, instance } = await crossing();
  const write = Promise.withResolvers<void>();
  const answer = instance.write(() => write.promise);
  const stopped = watch(instance.stop());
  await clock.pass(100);
  expect(stopped.what).toBe('waiting');
  expect((await memory.members(group)).instances).toHaveLength(1);
  write.resolve();
  await answer;
  await clock.pass(0);
  expect(stopped.what).toBeUndefined();
  expect((await memory.members(group)).instances).toEqual([]);
  expect(() => instance.write(name)).toThrow(expect.objectContaining({ code: 'E_INSTANCE_OVER' }));
});
