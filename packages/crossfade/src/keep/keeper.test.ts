import { expect, test } from 'vitest';
import { memoryCrossing, word } from '../../test/support/memory-crossing.ts';
import { memoryDriver } from '../drivers/memory/memory.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { KeepRequest } from '../ledger/keeping.ts';
import type { Key, Row } from '../schema/collection.ts';
import { collections } from '../schema/collection.ts';
import type { Crossable } from './crossing.ts';

/** A driver of which some parts behave differently. */
function changed(driver: Crossable, parts: Partial<Crossable>): Crossable {
  return Object.assign(Object.create(driver) as Crossable, parts);
}

/** The ledger as a process has it that hears nothing any more, from when it is cut off. */
function cutOff({ ledger }: Awaited<ReturnType<typeof memoryCrossing>>): { ledger: Ledger; isCut: boolean } {
  const net = {
    isCut: false,
    ledger: Object.assign(Object.create(ledger) as Ledger, {
      keep: async (group: string, request: KeepRequest) => {
        if (net.isCut) throw new CrossfadeError('E_LEDGER_FAILED', 'out of reach');
        return ledger.keep(group, request);
      },
    }),
  };
  return net;
}

/** What the ledger was told last. */
async function findingsOf({ ledger }: Awaited<ReturnType<typeof memoryCrossing>>) {
  return (await ledger.members('words')).keeping?.findings ?? null;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => word(`w${String(i).padStart(5, '0')}`, i));

test('what was there is copied, what is written is followed, and what is removed goes', async () => {
  const on = await memoryCrossing();
  const { store, clock, operator, during, held } = on;
  await store.write([word('one', 1), word('two', 2)]);
  on.keeper('keeper 1');
  await during(operator().advance());
  await store.write([word('three', 3), { kind: 'remove', collection: 'words', key: ['one'] }]);
  await clock.pass(500);
  expect(held('target')).toEqual(['three 3', 'two 2']);
  expect(await findingsOf(on)).toMatchObject({ isDone: true, isCopied: true, owed: 0, quarantined: 0, trouble: null });
});

test('in legacy nothing is touched', async () => {
  const { store, clock, keeper, source, target, held } = await memoryCrossing();
  await store.write([word('one', 1)]);
  keeper('keeper 1');
  await clock.pass(1_000);
  expect([held('target'), (await source.capture.stands()).stands]).toEqual([[], false]);
  expect(await target.fence.state()).toEqual({ epoch: null, isSet: false });
});

test('the other store is closed to strangers as long as it follows', async () => {
  const { target, clock, operator, keeper, during } = await memoryCrossing();
  keeper('keeper 1');
  await during(operator().advance());
  await clock.pass(500);
  await expect(
    (async () => target.write([{ kind: 'insert', collection: 'words', key: ['x'], row: { word: 'x', n: 1 } }]))(),
  ).rejects.toMatchObject({ code: 'E_FENCED' });
});

test('nothing is copied before every instance acts by the state that notes its writes', async () => {
  const on = await memoryCrossing();
  const { ledger, store, operator, clock, during, held } = on;
  await store.write([word('one', 1)]);
  const { mappingHash } = (await ledger.members('words')).control;
  await ledger.register('words', { id: 'slow', mappingHash, leaseMs: 60_000 });
  on.keeper('keeper 1');
  await during(operator().advance());
  await clock.pass(2_000);
  expect([held('target'), await findingsOf(on)]).toEqual([[], expect.objectContaining({ isDone: false })]);
  await ledger.renew('slow', { acked: (await ledger.members('words')).control, leaseMs: 60_000 });
  await clock.pass(2_000);
  expect(held('target')).toEqual(['one 1']);
});

test('another keeper goes on where the first one was, and what the first one still sends is refused', async () => {
  const on = await memoryCrossing();
  const { store, source, target, clock, operator, during, held } = on;
  for (let i = 0; i < 3; i++) await store.write(numbers(1_500).slice(i * 500, (i + 1) * 500));
  const stuck = Promise.withResolvers<void>();
  const net = cutOff(on);
  let loads = 0;
  let late: unknown = 'waiting';
  const load: typeof target.bulk.load = async (...given) => {
    await clock.wait(150);
    if (++loads < 3) return target.bulk.load(...given);
    net.isCut = true;
    await stuck.promise;
    return target.bulk.load(...given).catch((error: { code: string }) => {
      late = error.code;
      throw error;
    });
  };
  on.keeper('keeper 1', { ledger: net.ledger, target: changed(target, { bulk: { ...target.bulk, load } }) });
  await during(operator().advance());
  await clock.pass(1_000);
  const { copied = 0 } = (await findingsOf(on)) ?? {};
  expect([copied > 0, copied < 1_500, held('target').length < 1_500]).toEqual([true, true, true]);
  await clock.pass(6_000);
  const looked: unknown[] = [];
  const range: typeof source.bulk.range = async (collection, asked, ...more) => {
    looked.push(asked.after);
    return source.bulk.range(collection, asked, ...more);
  };
  const second = on.keeper('keeper 2', { source: changed(source, { bulk: { ...source.bulk, range } }) });
  await clock.pass(1_000);
  expect([held('target').length, looked[0]]).toEqual([1_500, [`w${String(copied - 1).padStart(5, '0')}`]]);
  expect(await findingsOf(on)).toMatchObject({ copied: 1_500, isCopied: true });
  await store.write([{ kind: 'patch', collection: 'words', key: ['w00600'], set: { n: 90_000 } }]);
  await clock.pass(500);
  stuck.resolve();
  await clock.pass(500);
  expect([late, held('target')[600]]).toEqual(['E_FENCED', 'w00600 90000']);
  expect(held('target')).toEqual(held('source'));
  await during(second.stop());
});

test('a keeper that wakes in a later state leaves the new leader alone', async () => {
  const on = await memoryCrossing();
  const { source, store, clock, operator, during, held } = on;
  await store.write([word('one', 1)]);
  const asleep = Promise.withResolvers<void>();
  const net = cutOff(on);
  const read = async (collection: string, key: Key): Promise<Row | null> => {
    const row = await source.read(collection, key);
    if (net.isCut) await asleep.promise;
    return row;
  };
  on.keeper('keeper 1', { ledger: net.ledger, source: changed(source, { read }) });
  await during(operator().advance());
  await during(operator().advance());
  net.isCut = true;
  await store.write([{ kind: 'patch', collection: 'words', key: ['one'], set: { n: 2 } }]);
  await clock.pass(6_000);
  on.keeper('keeper 2');
  expect((await during(operator().advance())).control.state).toBe('primary');
  await store.write([{ kind: 'patch', collection: 'words', key: ['one'], set: { n: 3 } }]);
  asleep.resolve();
  await clock.pass(2_000);
  expect([held('target'), held('source')]).toEqual([['one 3'], ['one 3']]);
});

test('a keeper that stops is followed at once', async () => {
  const on = await memoryCrossing();
  const first = on.keeper('keeper 1');
  await on.clock.pass(100);
  await on.during(first.stop());
  on.keeper('keeper 2');
  await on.clock.pass(100);
  expect((await on.ledger.members('words')).keeping?.keeper).toBe('keeper 2');
});

test('where the capture was torn down everything is copied anew', async () => {
  const on = await memoryCrossing();
  const { store, source, clock, operator, during, held } = on;
  on.keeper('keeper 1');
  await during(operator().advance());
  await clock.pass(200);
  await source.capture.remove();
  await store.write([word('unnoted', 7)]);
  await clock.pass(1_000);
  expect(held('target')).toEqual(['unnoted 7']);
});

test('what differs with nothing to explain it is counted, repaired, and delays the step behind it', async () => {
  const on = await memoryCrossing();
  const { store, target, clock, operator, during, held } = on;
  await store.write([word('one', 1), word('two', 2)]);
  on.keeper('keeper 1');
  await during(operator().advance());
  await during(operator().advance());
  await clock.pass(500);
  const { turn } = await on.ledger.keep('words', { keeper: 'keeper 1', leaseMs: 5_000 });
  await target.mirror.apply(turn as bigint, [
    { collection: 'words', key: ['two'], row: { word: 'two', n: 99 }, version: 0n },
  ]);
  await clock.pass(61_000);
  expect(await findingsOf(on)).toMatchObject({ incidents: 1, quarantined: 0 });
  expect(held('target')).toEqual(['one 1', 'two 2']);
  await clock.pass(2_000);
  expect(await findingsOf(on)).toMatchObject({ incidents: 1, cleanPasses: 2 });
});

test('a unit that the other store cannot hold is in quarantine until it is mended, and keeps the gate closed', async () => {
  const loose = collections({
    words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] },
  });
  const on = await memoryCrossing();
  const { clock, operator, during, held } = on;
  const source = memoryDriver();
  await source.open(loose);
  const alike = (key: string) =>
    ({ kind: 'insert', collection: 'words', key: [key], row: { word: key, n: 1 } }) as const;
  await source.write([alike('a'), alike('b')]);
  on.keeper('keeper 1', { source, mapping: { ...on.crossing.mapping, source: loose } });
  await during(operator().advance());
  await clock.pass(1_000);
  expect(await findingsOf(on)).toMatchObject({ isCopied: false, quarantined: 1 });
  await expect(during(operator().advance())).rejects.toMatchObject({
    code: 'E_GATE_CLOSED',
    facts: { gates: ['done', 'copied', 'quarantine'] },
  });
  await source.write([{ kind: 'patch', collection: 'words', key: ['b'], set: { n: 2 } }]);
  await clock.pass(1_000);
  await clock.pass(1_000);
  expect([held('target'), (await findingsOf(on))?.quarantined]).toEqual([['a 1', 'b 2'], 0]);
});

test('a leader that shows nothing takes nothing away, and the reason is told', async () => {
  const on = await memoryCrossing();
  const { store, source, clock, operator, during, held } = on;
  await store.write(numbers(700));
  on.keeper('keeper 1');
  await during(operator().advance());
  await clock.pass(1_000);
  for (const { row } of numbers(700)) await source.write([{ kind: 'remove', collection: 'words', key: [row.word] }]);
  await clock.pass(3_000);
  expect([held('target').length, (await findingsOf(on))?.trouble]).toEqual([700, 'E_MASS_REMOVAL']);
  await expect(during(operator().advance())).rejects.toMatchObject({
    code: 'E_GATE_CLOSED',
    message: expect.stringContaining('held up by E_MASS_REMOVAL'),
  });
});
