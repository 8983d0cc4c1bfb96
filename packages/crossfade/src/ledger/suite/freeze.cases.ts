import assert from 'node:assert/strict';
import type { StateName } from '../states.ts';
import { defective, longMs, operator, shortMs, stranger, type Suite } from './check.ts';

/** Both ways the lead changes: where it is frozen, through what, where it changes, and where breaking off leads. */
const changes = [
  { from: 'armed', frozen: 'frozen', inner: 'switched', commit: 'primary' },
  { from: 'primary', frozen: 'back-switched', inner: 'back-frozen', commit: 'armed' },
] as const satisfies readonly Record<string, StateName>[];

/** The lead changes before the time of the freeze is over; breaking off is for everybody when it is. */
export function freezeCases({ it }: Suite): void {
  for (const { from, frozen, inner, commit } of changes) {
    it(`${from} to ${commit}: once the time is over the lead does not change any more, and anybody goes back`, async (on) => {
      await on.reach(from);
      await on.to(frozen, { budgetMs: shortMs });
      await on.to(inner);
      await on.pass(shortMs);
      const late = await on.to(commit);
      assert.deepEqual([late.outcome, late.control.state], ['late', inner]);
      assert.ok((late.control.frozenLeftMs ?? 1) <= 0);
      assert.equal((await on.to(frozen, stranger)).outcome, 'done');
      assert.equal((await on.to(from, stranger)).outcome, 'done');
      const row = await on.row();
      assert.deepEqual([row.state, row.frozenLeftMs, row.coordinator], [from, null, null]);
    });
    it(`${from} to ${commit}: before that only the coordinator breaks off`, async (on) => {
      await on.reach(from);
      await on.to(frozen);
      assert.equal((await on.to(from, stranger)).outcome, 'early');
      await on.to(inner);
      const early = await on.to(frozen, stranger);
      assert.deepEqual([early.outcome, early.control.state], ['early', inner]);
      assert.equal((await on.to(frozen)).outcome, 'done');
      assert.ok(((await on.row()).frozenLeftMs ?? 0) > 0);
      assert.equal((await on.to(from)).outcome, 'done');
    });
    it(`${from} to ${commit}: whoever goes on in the place of a coordinator is one`, async (on) => {
      await on.reach(from);
      await on.to(frozen);
      await on.to(inner, stranger);
      assert.equal((await on.row()).coordinator, stranger.actor);
      assert.equal((await on.to(frozen)).outcome, 'early');
      assert.equal((await on.to(commit, operator)).outcome, 'done');
    });
    it(`${from} to ${commit}: of changing the lead and breaking off at once, one is done`, async (on) => {
      await on.reach(from);
      await on.to(frozen);
      const at = (await on.to(inner)).control;
      const [changed, broken] = await Promise.all([
        on.ledger.step(on.group, { from: at, to: commit, ...operator }),
        on.other.step(on.group, { from: at, to: frozen, ...operator }),
      ]);
      assert.deepEqual([changed.outcome, broken.outcome].sort(), ['done', 'lost']);
      assert.equal((await on.row()).epoch, at.epoch + 1n);
    });
  }
  it('a new freeze has a time of its own', async (on) => {
    await on.reach('armed');
    await on.to('frozen', { budgetMs: shortMs });
    await on.pass(shortMs);
    await on.to('armed', stranger);
    const { control } = await on.to('frozen', stranger);
    assert.ok((control.frozenLeftMs ?? 0) > longMs / 2);
    assert.equal(control.coordinator, stranger.actor);
  });
  noteCases({ it });
}

function noteCases({ it }: Suite): void {
  it('a note of an earlier epoch is lost and changes nothing', async (on) => {
    const { epoch } = await on.reach('primary');
    const { control } = await on.to('back-switched');
    const late = await on.ledger.note(on.group, { epoch, isVerified: true, isRollbackReady: false });
    assert.deepEqual([late.outcome, late.control.epoch], ['lost', control.epoch]);
    const row = await on.row();
    assert.deepEqual([row.verification, row.isRollbackReady], [null, true]);
  });
  it('a verification is kept with its epoch until the lead changes', async (on) => {
    const { epoch } = await on.reach('shadow');
    const { outcome, control } = await on.ledger.note(on.group, { epoch, isVerified: true });
    assert.equal(outcome, 'done');
    assert.equal(control.verification?.epoch, epoch);
    assert.ok(control.verification?.at instanceof Date);
    for (const to of ['armed', 'frozen', 'switched'] as const)
      assert.deepEqual((await on.to(to)).control.verification, control.verification);
    assert.equal((await on.to('primary')).control.verification, null);
  });
  it('a verification does not outlive the way back to legacy', async (on) => {
    const { epoch } = await on.reach('dual');
    await on.ledger.note(on.group, { epoch, isVerified: true });
    assert.equal((await on.to('legacy')).control.verification, null);
  });
  it('a rollback is ready when the target begins to lead, and is not when it is over or final', async (on) => {
    assert.equal((await on.reach('switched')).isRollbackReady, false);
    const { control } = await on.to('primary');
    assert.equal(control.isRollbackReady, true);
    const noted = await on.ledger.note(on.group, { epoch: control.epoch, isRollbackReady: false });
    assert.equal(noted.control.isRollbackReady, false);
    await on.ledger.note(on.group, { epoch: control.epoch, isRollbackReady: true });
    for (const to of ['back-switched', 'primary', 'back-switched', 'back-frozen'] as const)
      assert.equal((await on.to(to)).control.isRollbackReady, true);
    assert.equal((await on.to('armed')).control.isRollbackReady, false);
    for (const to of ['frozen', 'switched', 'primary'] as const) await on.to(to);
    assert.equal((await on.to('final')).control.isRollbackReady, false);
  });
  it('where there is nothing to roll back to, calling it ready is a defect of the caller', async (on) => {
    const { epoch } = await on.reach('dual');
    await defective(on.ledger.note(on.group, { epoch, isRollbackReady: true }));
    await defective(on.ledger.note(on.group, { epoch }));
    assert.equal((await on.ledger.note(on.group, { epoch, isRollbackReady: false })).outcome, 'done');
  });
}
