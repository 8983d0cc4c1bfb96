import assert from 'node:assert/strict';
import { defective, mapping, operator, refused, stranger, type Suite } from './check.ts';

/** A group begins once. */
export function beginCases({ it }: Suite): void {
  it('a group begins in legacy at epoch 0, and beginning it again changes nothing', async ({
    ledger,
    other,
    group,
  }) => {
    assert.equal(await ledger.control(group), null);
    const begun = await ledger.begin(group, mapping.own, operator);
    assert.deepEqual(begun, {
      group,
      state: 'legacy',
      epoch: 0n,
      mappingHash: mapping.own,
      coordinator: null,
      frozenLeftMs: null,
      verification: null,
      isRollbackReady: false,
      steppedOn: begun.server,
      server: begun.server,
    });
    assert.deepEqual(await other.begin(group, mapping.own, stranger), begun);
    assert.deepEqual(await other.control(group), begun);
    assert.deepEqual(
      (await ledger.history(group)).map(({ did, actor }) => [did, actor]),
      [['begin', operator.actor]],
    );
  });
  it('many who begin it at once make one row and one line', async ({ ledger, other, group }) => {
    const begun = await Promise.all(
      [ledger, other, ledger, other].map((each) => each.begin(group, mapping.own, operator)),
    );
    assert.ok(begun.every(({ epoch }) => epoch === 0n));
    assert.equal((await ledger.history(group)).length, 1);
  });
  it('in legacy another mapping replaces the last one, and in no other state', async ({ ledger, group, to }) => {
    await ledger.begin(group, mapping.own, operator);
    assert.equal((await ledger.begin(group, mapping.other, operator)).mappingHash, mapping.other);
    await to('dual');
    assert.equal((await ledger.begin(group, mapping.other, operator)).state, 'dual');
    const error = await refused('E_MAPPING_DIFFERS', ledger.begin(group, mapping.own, operator));
    assert.deepEqual(error.facts, { group, state: 'dual' });
    assert.deepEqual(
      (await ledger.history(group)).map(({ did }) => did),
      ['begin', 'map', 'step'],
    );
  });
  it('groups are listed by name, each with its own row', async ({ ledger, named, reach, group }) => {
    await ledger.begin(named('zebra'), mapping.own, operator);
    await reach('dual');
    const rows = (await ledger.groups()).filter((each) => [group, named('zebra')].includes(each.group));
    assert.deepEqual(
      rows.map((each) => [each.group, each.state]),
      [
        [group, 'dual'],
        [named('zebra'), 'legacy'],
      ],
    );
  });
  refusalCases({ it });
}

function refusalCases({ it }: Suite): void {
  it('a group that nobody has begun is refused by every verb that needs it', async ({ ledger, group, named }) => {
    const from = { state: 'legacy', epoch: 0n } as const;
    const registration = { id: named('a'), mappingHash: mapping.own, leaseMs: 1_000 };
    await refused('E_GROUP_MISSING', ledger.step(group, { from, to: 'dual', ...operator }));
    await refused('E_GROUP_MISSING', ledger.note(group, { epoch: 0n, isVerified: true }));
    await refused('E_GROUP_MISSING', ledger.register(group, registration));
    await refused('E_GROUP_MISSING', ledger.members(group));
    await refused('E_GROUP_MISSING', ledger.history(group));
  });
  it('names that cannot be kept are defects of the caller', async ({ ledger }) => {
    for (const name of ['', 'a\0b', '\ud800', 'x'.repeat(501)]) {
      await defective(ledger.begin(name, mapping.own, operator));
      await defective(ledger.begin('g', name, operator));
      await defective(ledger.begin('g', mapping.own, { actor: name, commit: 'c' }));
    }
  });
}
