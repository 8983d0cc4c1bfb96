import { expect, test } from 'vitest';
import { memoryCrossing, word } from '../../test/support/memory-crossing.ts';
import { watch } from '../../test/support/watch.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { StateName } from '../ledger/states.ts';
import type { Operator } from './operator.ts';

/** A crossing with a keeper and two words, that has come as far as this. */
async function crossingIn(...rests: StateName[]) {
  const crossing = await memoryCrossing();
  const { store, keeper, operator, during } = crossing;
  await store.write([word('one', 1), word('two', 2)]);
  const first = keeper('keeper 1');
  const chief = operator();
  for (const rest of rests) expect((await during(chief.advance())).control.state).toBe(rest);
  return { ...crossing, first, chief };
}

/** The code of the refusal, and what it says. */
async function refusalOf(call: Promise<unknown>): Promise<{ code: string; message: string; facts: unknown }> {
  const error = await call.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CrossfadeError)) throw error;
  const { code, message, facts } = error;
  return { code, message, facts };
}

test('a crossing goes forward, back with what was written meanwhile, forward again, and ends', async () => {
  const { store, chief, during, held } = await crossingIn('dual', 'shadow');
  await store.write([word('three', 3)]);
  const { control, pausedMs } = await during(chief.advance());
  expect([control.state, pausedMs !== null && pausedMs > 0]).toEqual(['primary', true]);
  await store.write([word('four', 4), { kind: 'remove', collection: 'words', key: ['one'] }]);
  expect((await during(chief.rollback())).control.state).toBe('shadow');
  expect(held('source')).toEqual(['four 4', 'three 3', 'two 2']);
  await store.write([word('five', 5)]);
  expect((await during(chief.advance())).control.state).toBe('primary');
  expect((await during(chief.finish())).state).toBe('final');
  await store.write([word('six', 6)]);
  expect(held('target')).toEqual(['five 5', 'four 4', 'six 6', 'three 3', 'two 2']);
  expect(held('source')).not.toContain('six 6');
});

test('every step is in the history, with the evidence that it was taken on', async () => {
  const { chief } = await crossingIn('dual', 'shadow', 'primary');
  const steps = (await chief.history()).filter(({ did }) => did === 'step');
  expect(steps.map(({ to }) => to)).toEqual(['dual', 'shadow', 'armed', 'frozen', 'switched', 'primary']);
  expect(steps.map(({ facts }) => facts.instances)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(steps[2].facts).toMatchObject({ isCopied: true, copied: 2, quarantined: 0, cleanPasses: 2, incidents: 0 });
});

test('the status names the next step and its gates, open and closed', async () => {
  const { ledger, operator, keeper, clock } = await memoryCrossing();
  const chief = operator();
  const next = async () => (await chief.status()).next;
  expect(await next()).toEqual({
    to: 'dual',
    gates: [
      { gate: 'keeper', why: 'no process keeps the other store in step' },
      { gate: 'done', why: 'the keeper has not yet said anything about this state' },
    ],
  });
  keeper('keeper 1');
  await clock.pass(300);
  expect(await next()).toEqual({ to: 'dual', gates: ['keeper', 'done'].map((gate) => ({ gate, why: null })) });
  expect((await ledger.members('words')).keeping).toMatchObject({ keeper: 'keeper 1' });
});

test('without a keeper no step is taken, and the reason is said', async () => {
  const { during, operator } = await memoryCrossing();
  expect(await refusalOf(during(operator().advance()))).toEqual({
    code: 'E_GATE_CLOSED',
    message: expect.stringMatching(/legacy to dual was not taken\. keeper: no process keeps.*Nothing was changed/),
    facts: { group: 'words', state: 'legacy', to: 'dual', gates: ['keeper', 'done'] },
  });
});

test('a group that nobody has begun is named', async () => {
  const { operator } = await memoryCrossing();
  await expect(operator('operator', { group: 'others' }).status()).rejects.toMatchObject({ code: 'E_GROUP_MISSING' });
});

const misplaced: readonly (readonly [StateName[], (operator: Operator) => Promise<unknown>])[] = [
  [[], (operator) => operator.rollback()],
  [[], (operator) => operator.abort()],
  [[], (operator) => operator.retreat()],
  [[], (operator) => operator.finish()],
  [['dual'], (operator) => operator.finish()],
  [['dual', 'shadow'], (operator) => operator.rollback()],
  [['dual', 'shadow', 'primary'], (operator) => operator.advance()],
  [['dual', 'shadow', 'primary'], (operator) => operator.abort()],
  [['dual', 'shadow', 'primary'], (operator) => operator.retreat()],
];

test.each(misplaced)('in %j a command that has nothing to do there says so', async (rests, command) => {
  const { chief, ledger } = await crossingIn(...rests);
  const before = await ledger.control('words');
  expect(await refusalOf(command(chief))).toMatchObject({
    code: 'E_STATE_UNFIT',
    message: expect.stringContaining('Nothing was changed.'),
  });
  expect(await ledger.control('words')).toEqual(before);
});

test('what has not cut over steps back to its beginning, and starts anew from there', async () => {
  const { chief, during, clock, store, source, held } = await crossingIn('dual', 'shadow');
  expect((await during(chief.retreat())).state).toBe('dual');
  expect((await during(chief.retreat())).state).toBe('legacy');
  await clock.pass(200);
  await store.write([word('three', 3)]);
  expect((await source.capture.stands()).stands).toBe(false);
  expect(held('target')).not.toContain('three 3');
  for (const rest of ['dual', 'shadow']) expect((await during(chief.advance())).control.state).toBe(rest);
  expect(held('target')).toEqual(held('source'));
});

test('a cutover in which an instance does not follow is broken off, and the source goes on', async () => {
  const { chief, clock, ledger, store, held } = await crossingIn('dual', 'shadow');
  const { mappingHash } = (await chief.status()).control;
  await ledger.register('words', { id: 'slow', mappingHash, leaseMs: 600_000 });
  const acknowledge = async () => ledger.renew('slow', { acked: (await chief.status()).control, leaseMs: 600_000 });
  const advancing = watch(chief.advance());
  while ((await ledger.control('words'))?.state !== 'armed') await clock.pass(5);
  await acknowledge();
  while ((await ledger.control('words'))?.state !== 'frozen') await clock.pass(5);
  // From here on it is alive, and acts by what it heard last: nobody steps on, and the freeze ends in its time.
  const during = watch(store.write([word('during', 8)]));
  await clock.pass(5_200);
  expect(during.what).toBeUndefined();
  expect([advancing.what, (await ledger.control('words'))?.state]).toEqual(['E_CROSSING_ABORTED', 'shadow']);
  expect(held('source')).toContain('during 8');
});

test('what an operator has begun another one goes on with', async () => {
  const { chief, during, operator, ledger, clock, held } = await crossingIn('dual', 'shadow');
  const stopped = new Error('the operator is gone');
  const gone = operator('operator 2', {
    ledger: Object.assign(Object.create(ledger) as typeof ledger, {
      step: async (group: string, request: Parameters<typeof ledger.step>[1]) => {
        if (request.to === 'switched') throw stopped;
        return ledger.step(group, request);
      },
      members: async (group: string) => {
        const members = await ledger.members(group);
        if (members.control.state === 'frozen' && members.keeping?.findings?.isDone === true && isGone) throw stopped;
        return members;
      },
    }),
  });
  let isGone = false;
  const going = watch(gone.advance());
  while ((await ledger.control('words'))?.state !== 'frozen') await clock.pass(5);
  isGone = true;
  await clock.pass(100);
  expect(going.what).toBe(stopped);
  expect((await during(chief.advance())).control.state).toBe('primary');
  expect(held('target')).toEqual(held('source'));
});

test('a freeze that nobody ends is ended by the keeper, and writes go on at the old leader', async () => {
  const { ledger, clock, store, held } = await crossingIn('dual', 'shadow');
  for (const to of ['armed', 'frozen'] as const) {
    const { state, epoch } = (await ledger.members('words')).control;
    const budget = to === 'frozen' ? { budgetMs: 1_000 } : {};
    await ledger.step('words', { from: { state, epoch }, to, actor: 'gone', commit: 'c0ffee', ...budget });
    await clock.pass(100);
  }
  const writing = watch(store.write([word('during', 7)]));
  await clock.pass(500);
  expect(writing.what).toBe('waiting');
  await clock.pass(1_000);
  expect([writing.what, (await ledger.control('words'))?.state]).toEqual([undefined, 'armed']);
  expect(held('source')).toContain('during 7');
  expect((await ledger.history('words')).at(-1)).toMatchObject({ actor: 'keeper 1', from: 'frozen', to: 'armed' });
});

test('of two operators at once each step is taken once', async () => {
  const { chief, during, operator, ledger } = await crossingIn('dual', 'shadow');
  const answers = await during(Promise.allSettled([chief.advance(), operator('operator 2').advance()]));
  const codes = answers.map((each) => (each.status === 'fulfilled' ? each.value.control.state : each.reason.code));
  expect(codes).toContain('primary');
  expect(['primary', 'E_STEP_LOST', 'E_STATE_UNFIT']).toEqual(expect.arrayContaining(codes));
  const steps = (await ledger.history('words')).filter(({ did }) => did === 'step').map(({ to }) => to);
  expect(steps).toEqual(['dual', 'shadow', 'armed', 'frozen', 'switched', 'primary']);
});
