import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { nextTo, stateNames, states } from '../states.ts';
import { defective, longMs, mapping, operator, type Suite } from './check.ts';

/** From `legacy` over every step of the table. */
const walk = [
  ...(['dual', 'legacy', 'dual', 'shadow', 'dual', 'shadow', 'armed', 'shadow', 'armed'] as const),
  ...(['frozen', 'armed', 'frozen', 'switched', 'frozen', 'switched', 'primary'] as const),
  ...(['back-switched', 'primary', 'back-switched', 'back-frozen', 'back-switched', 'back-frozen', 'armed'] as const),
  ...(['frozen', 'switched', 'primary', 'final'] as const),
];

/** Each step is taken once, from where it begins, and is told of. */
export function stepCases({ it }: Suite): void {
  it('every step of the table raises the epoch by one, and the history tells of it', async ({
    ledger,
    group,
    ...on
  }) => {
    let before = await on.reach('legacy');
    const open = new Set(stateNames.flatMap((from) => nextTo(from).map((to) => `${from} to ${to}`)));
    for (const to of walk) {
      const id = randomUUID();
      const facts = { lagMs: 3, gate: 'open', isForced: false, note: null, odd: 'a\0\ud800' };
      const { outcome, control } = await on.to(to, { id, facts });
      assert.equal(outcome, 'done');
      assert.deepEqual([control.state, control.epoch, control.steppedOn], [to, before.epoch + 1n, control.server]);
      const nobodyLeads = states[to].leader === null;
      assert.equal(control.frozenLeftMs !== null && control.frozenLeftMs > 0, nobodyLeads);
      assert.equal(control.coordinator, nobodyLeads ? operator.actor : null);
      const [entry, ...later] = (await ledger.history(group)).slice(Number(control.epoch));
      assert.deepEqual(later, []);
      const { at, number, ...told } = entry ?? assert.fail('no entry');
      assert.ok(at instanceof Date && number > 0n);
      const { epoch } = control;
      assert.deepEqual(told, { ...operator, did: 'step', stepId: id, from: before.state, to, epoch, facts });
      open.delete(`${before.state} to ${to}`);
      before = control;
    }
    assert.deepEqual([...open], []);
    assert.deepEqual({ ...(await on.row()), frozenLeftMs: null }, before);
  });
  it('a step from another state or epoch is lost, and the answer is the row as it stands', async ({
    ledger,
    group,
    reach,
    row,
  }) => {
    const { epoch } = await reach('shadow');
    const stale = [
      { from: { state: 'shadow', epoch: epoch - 1n }, to: 'dual' },
      { from: { state: 'shadow', epoch: epoch + 1n }, to: 'dual' },
      { from: { state: 'dual', epoch }, to: 'shadow' },
    ] as const;
    const before = await ledger.history(group);
    for (const request of stale) {
      const { outcome, control } = await ledger.step(group, { ...request, ...operator });
      assert.equal(outcome, 'lost');
      assert.deepEqual(control, await row());
    }
    assert.equal((await row()).epoch, epoch);
    assert.deepEqual(await ledger.history(group), before);
  });
  onceCases({ it });
  defectCases({ it });
}

function onceCases({ it }: Suite): void {
  it('a step that is asked for again under its id is done once, also when others have gone on', async (on) => {
    const from = await on.reach('dual');
    const request = { id: randomUUID(), from, to: 'shadow', ...operator } as const;
    assert.equal((await on.ledger.step(on.group, request)).outcome, 'done');
    assert.equal((await on.other.step(on.group, request)).outcome, 'done');
    assert.equal((await on.row()).epoch, from.epoch + 1n);
    await on.to('dual');
    const again = await on.ledger.step(on.group, request);
    assert.deepEqual([again.outcome, again.control.state], ['done', 'dual']);
    assert.equal((await on.ledger.history(on.group)).filter(({ stepId }) => stepId === request.id).length, 1);
  });
  it('the id of a step that was taken is not that of another one', async (on) => {
    const from = await on.reach('legacy');
    const id = randomUUID();
    const { control } = await on.to('dual', { id });
    const others = [
      { id, from: control, to: 'shadow', ...operator },
      { id, from: { ...from, epoch: from.epoch + 2n }, to: 'dual', ...operator },
    ] as const;
    for (const request of others) await defective(on.ledger.step(on.group, request));
    await on.ledger.begin(on.named('neighbour'), mapping.own, operator);
    await defective(on.ledger.step(on.named('neighbour'), { id, from, to: 'dual', ...operator }));
    assert.equal((await on.row()).state, 'dual');
  });
  it('of many who take the same step at once exactly one does, and the history has exactly what happened', async (on) => {
    await on.reach('legacy');
    const path = ['dual', 'shadow', 'armed', 'shadow', 'dual'] as const;
    const taken: string[] = [];
    for (const to of path) {
      const from = await on.row();
      const racers = Array.from({ length: 6 }, (_, i) => ({ actor: `racer ${i}`, commit: 'c' }));
      const all = await Promise.all(
        racers.map((by, i) => (i % 2 === 0 ? on.ledger : on.other).step(on.group, { from, to, ...by })),
      );
      const winners = racers.filter((_, i) => all[i]?.outcome === 'done');
      assert.equal(winners.length, 1);
      assert.ok(
        all.every(({ outcome, control }) => outcome === 'done' || (outcome === 'lost' && control.state === to)),
      );
      taken.push(`${winners[0]?.actor}: ${from.state} ${from.epoch} to ${to}`);
    }
    const told = (await on.ledger.history(on.group)).filter(({ did }) => did === 'step');
    assert.deepEqual(
      told.map(({ actor, from, to, epoch }) => `${actor}: ${from} ${epoch - 1n} to ${to}`),
      taken,
    );
  });
}

function defectCases({ it }: Suite): void {
  it('two states that no step joins, and budgets in the wrong place, are defects of the caller', async (on) => {
    const legacy = await on.reach('legacy');
    for (const to of ['legacy', 'shadow', 'primary', 'final'] as const)
      await defective(on.ledger.step(on.group, { from: legacy, to, ...operator }));
    await defective(on.ledger.step(on.group, { from: legacy, to: 'dual', budgetMs: longMs, ...operator }));
    await defective(on.ledger.step(on.group, { from: legacy, to: 'dual', id: 'one', ...operator }));
    await defective(on.ledger.step(on.group, { from: legacy, to: 'dual', facts: { lagMs: NaN }, ...operator }));
    const armed = await on.reach('armed');
    for (const budget of [{}, { budgetMs: 0 }, { budgetMs: 1.5 }])
      await defective(on.ledger.step(on.group, { from: armed, to: 'frozen', ...operator, ...budget }));
    assert.equal((await on.row()).state, 'armed');
  });
  it('the history comes in pages', async ({ ledger, group, reach }) => {
    await reach('shadow');
    const all = await ledger.history(group);
    assert.deepEqual(
      all.map(({ to }) => to),
      ['legacy', 'dual', 'shadow'],
    );
    const [first] = await ledger.history(group, { limit: 1 });
    assert.deepEqual(first, all[0]);
    assert.deepEqual(await ledger.history(group, { after: first?.number ?? 0n }), all.slice(1));
    await defective(ledger.history(group, { limit: 0 }));
  });
}
