import assert from 'node:assert/strict';
import { laggardsOf } from '../laggards.ts';
import { type StateName, stateNames, states } from '../states.ts';
import { defective, type Group, longMs, mapping, operator, refused, shortMs, type Suite } from './check.ts';

/** Through every state. */
const walk = [
  ...(['dual', 'shadow', 'armed', 'frozen', 'switched', 'primary'] as const),
  ...(['back-switched', 'back-frozen', 'back-switched', 'primary', 'final'] as const),
];

const registration = (id: string, leaseMs = longMs) => ({ id, mappingHash: mapping.own, leaseMs });

/** Registers instances with the first letters of the alphabet, or one whose lease is over at once. */
async function joined(on: Group, name: string, leaseMs = longMs): Promise<string> {
  const id = on.named(name);
  await on.ledger.register(on.group, registration(id, leaseMs));
  if (leaseMs === shortMs) await on.pass(shortMs);
  return id;
}

/** Who takes part, and until when. */
export function instanceCases(suite: Suite): void {
  registerCases(suite);
  foreignCases(suite);
  meetingCases(suite);
  renewCases(suite);
  endCases(suite);
}

function registerCases({ it }: Suite): void {
  it('whoever comes joins in the state that there is, or is refused until somebody leads', async (on) => {
    let row = await on.reach('legacy');
    const seen = new Set<StateName>();
    for (const next of [...walk, null]) {
      seen.add(row.state);
      const { instances: before } = await on.ledger.members(on.group);
      const id = on.named(`${row.epoch}`);
      const joining = on.ledger.register(on.group, registration(id));
      const { leader } = states[row.state];
      if (leader === null) await refused('E_CROSSING_FROZEN', joining);
      else assert.deepEqual(await joining, row);
      const { instances } = await on.ledger.members(on.group);
      const added = instances.filter((each) => !before.some((earlier) => earlier.id === each.id));
      assert.ok(added.every(({ leaseLeftMs }) => leaseLeftMs > longMs / 2 && leaseLeftMs <= longMs));
      const expected = { id, ackedEpoch: row.epoch, ackedState: row.state, mappingHash: mapping.own, isUnclean: false };
      assert.deepEqual(
        added.map(({ id: own, ackedEpoch, ackedState, mappingHash, isUnclean }) => ({
          id: own,
          ackedEpoch,
          ackedState,
          mappingHash,
          isUnclean,
        })),
        leader === null ? [] : [expected],
      );
      if (next !== null) row = (await on.to(next)).control;
    }
    assert.deepEqual(seen, new Set(stateNames));
  });
  it('an id is registered once, whatever its group', async (on) => {
    await on.reach('dual');
    const id = await joined(on, 'a');
    const before = await on.ledger.members(on.group);
    const another = { id, mappingHash: mapping.own, leaseMs: 2 * longMs };
    await refused('E_INSTANCE_TAKEN', on.other.register(on.group, another));
    await on.ledger.begin(on.named('neighbour'), mapping.own, operator);
    await refused('E_INSTANCE_TAKEN', on.other.register(on.named('neighbour'), another));
    const after = await on.ledger.members(on.group);
    assert.ok((after.instances[0]?.leaseLeftMs ?? Infinity) <= (before.instances[0]?.leaseLeftMs ?? 0));
  });
}

function foreignCases({ it }: Suite): void {
  it('another mapping is refused in every state but legacy, which is not left while such an instance lives', async (on) => {
    await on.reach('legacy');
    const foreign = { id: on.named('b'), mappingHash: mapping.other, leaseMs: longMs };
    await on.ledger.register(on.group, foreign);
    const held = await on.to('dual');
    assert.deepEqual([held.outcome, held.control.state], ['foreign', 'legacy']);
    await on.ledger.leave(foreign.id);
    assert.equal((await on.to('dual')).outcome, 'done');
    await refused('E_MAPPING_DIFFERS', on.ledger.register(on.group, foreign));
    assert.deepEqual((await on.ledger.members(on.group)).instances, []);
  });
  it('an instance of another mapping that was away is not renewed', async (on) => {
    const legacy = await on.reach('legacy');
    const foreign = { id: on.named('b'), mappingHash: mapping.other, leaseMs: shortMs };
    await on.ledger.register(on.group, foreign);
    await on.pass(shortMs);
    assert.equal((await on.to('dual')).outcome, 'done');
    await refused('E_MAPPING_DIFFERS', on.ledger.renew(foreign.id, { acked: legacy, leaseMs: longMs }));
    assert.ok(((await on.ledger.members(on.group)).instances[0]?.leaseLeftMs ?? 1) <= 0);
  });
}

function meetingCases({ it }: Suite): void {
  it('joining and stepping at once leaves everybody at one of two states in turn', async (on) => {
    const from = await on.reach('armed');
    const ids = ['a', 'b', 'c', 'd'].map((name) => on.named(name));
    const [stepped, ...answers] = await Promise.all([
      on.ledger.step(on.group, { from, to: 'frozen', budgetMs: longMs, ...operator }),
      ...ids.map((id) => on.other.register(on.group, registration(id)).catch((error: { code: string }) => error.code)),
    ]);
    assert.equal(stepped.outcome, 'done');
    const { instances } = await on.ledger.members(on.group);
    for (const [i, answer] of answers.entries()) {
      const found = instances.find(({ id }) => id === ids[i]);
      if (typeof answer === 'string') assert.deepEqual([answer, found], ['E_CROSSING_FROZEN', undefined]);
      else assert.equal(found?.ackedEpoch, from.epoch);
    }
  });
}

function renewCases({ it }: Suite): void {
  it('a renewal acknowledges, extends the lease, and answers with the row', async (on) => {
    await on.reach('dual');
    const id = await joined(on, 'a', longMs / 2);
    const { control } = await on.to('shadow');
    assert.deepEqual(
      laggardsOf(await on.ledger.members(on.group)).live.map((each) => each.id),
      [id],
    );
    assert.deepEqual(await on.ledger.renew(id, { acked: control, leaseMs: longMs }), control);
    const { instances } = await on.ledger.members(on.group);
    assert.equal(instances[0]?.ackedEpoch, control.epoch);
    assert.ok((instances[0]?.leaseLeftMs ?? 0) > (longMs * 3) / 4);
    assert.deepEqual(laggardsOf(await on.ledger.members(on.group)), { live: [], expired: [] });
    await on.ledger.renew(id, { acked: control, leaseMs: shortMs });
    assert.ok(
      ((await on.ledger.members(on.group)).instances[0]?.leaseLeftMs ?? 0) > longMs / 2,
      'it is never shortened',
    );
  });
  it('an acknowledgement of another server, of an epoch that is not there, or of an earlier one does not count', async (on) => {
    const joinedAt = await on.reach('dual');
    const id = await joined(on, 'a');
    const { control } = await on.to('shadow');
    const { server, epoch } = control;
    const uncounted = [
      { epoch, server: { ...server, timeline: server.timeline + 1 } },
      { epoch, server: { ...server, systemIdentifier: '1' } },
      { epoch: epoch + 1n, server },
      { epoch: 0n, server },
    ];
    for (const acked of uncounted) {
      assert.deepEqual(await on.ledger.renew(id, { acked, leaseMs: longMs }), control);
      assert.equal((await on.ledger.members(on.group)).instances[0]?.ackedEpoch, joinedAt.epoch);
    }
  });
  it('whoever comes back after its lease has ended is renewed, and acts by the answer', async (on) => {
    const acked = await on.reach('shadow');
    const id = await joined(on, 'a', shortMs);
    const { control } = await on.to('armed');
    const before = laggardsOf(await on.ledger.members(on.group));
    assert.deepEqual([before.live.length, before.expired.map((each) => each.id)], [0, [id]]);
    assert.deepEqual(await on.ledger.renew(id, { acked, leaseMs: longMs }), control);
    assert.deepEqual(
      laggardsOf(await on.ledger.members(on.group)).live.map((each) => each.id),
      [id],
    );
  });
  it('leases and epochs that are none are defects of the caller', async (on) => {
    const acked = await on.reach('dual');
    const id = await joined(on, 'a');
    for (const leaseMs of [0, -1, 0.5, Infinity]) {
      await defective(on.ledger.renew(id, { acked, leaseMs }));
      await defective(on.ledger.register(on.group, registration(on.named('b'), leaseMs)));
    }
    await defective(on.ledger.renew(id, { acked: { ...acked, epoch: -1n }, leaseMs: longMs }));
  });
}

function endCases({ it }: Suite): void {
  it('whoever leaves is gone, and is renewed no more', async (on) => {
    const acked = await on.reach('dual');
    const id = await joined(on, 'a');
    await on.ledger.leave(id);
    await on.ledger.leave(id);
    assert.deepEqual((await on.ledger.members(on.group)).instances, []);
    await refused('E_INSTANCE_OVER', on.ledger.renew(id, { acked, leaseMs: longMs }));
  });
  it('nobody else speaks for an instance while its lease lasts', async (on) => {
    await on.reach('dual');
    const id = await joined(on, 'a');
    const error = await refused('E_INSTANCE_LIVE', on.other.markUnclean(id));
    assert.equal(error.facts.instance, id);
    await refused('E_INSTANCE_LIVE', on.other.forget(id, operator));
    assert.equal((await on.ledger.members(on.group)).instances[0]?.isUnclean, false);
  });
  it('one that is unclean stays, is not renewed, and does not leave as if nothing had been', async (on) => {
    const acked = await on.reach('dual');
    const id = await joined(on, 'a', shortMs);
    await on.other.markUnclean(id);
    await on.other.markUnclean(id);
    const error = await refused('E_INSTANCE_OVER', on.ledger.renew(id, { acked, leaseMs: longMs }));
    assert.deepEqual(error.facts, { instance: id, isUnclean: true });
    await refused('E_INSTANCE_OVER', on.ledger.leave(id));
    const { instances } = await on.ledger.members(on.group);
    assert.deepEqual(
      instances.map((each) => [each.id, each.isUnclean, each.leaseLeftMs <= 0]),
      [[id, true, true]],
    );
    await refused('E_INSTANCE_OVER', on.ledger.markUnclean(on.named('nobody')));
  });
  it('one that is forgotten is counted no more, and the history says who did it', async (on) => {
    const acked = await on.reach('dual');
    const id = await joined(on, 'a', shortMs);
    await on.ledger.markUnclean(id);
    await on.ledger.forget(id, operator);
    await on.ledger.forget(id, operator);
    assert.deepEqual((await on.ledger.members(on.group)).instances, []);
    await refused('E_INSTANCE_OVER', on.ledger.renew(id, { acked, leaseMs: longMs }));
    const told = (await on.ledger.history(on.group)).filter(({ did }) => did === 'forget');
    assert.deepEqual(
      told.map(({ actor, facts }) => [actor, facts]),
      [[operator.actor, { instance: id, isUnclean: true }]],
    );
  });
  it('instances are told apart by group, and come by id', async (on) => {
    await on.reach('dual');
    await on.ledger.begin(on.named('neighbour'), mapping.own, operator);
    await on.ledger.register(on.named('neighbour'), registration(on.named('other')));
    for (const name of ['b', 'c', 'a']) await joined(on, name);
    const { instances } = await on.ledger.members(on.group);
    assert.deepEqual(
      instances.map(({ id }) => id),
      ['a', 'b', 'c'].map((name) => on.named(name)),
    );
  });
}
