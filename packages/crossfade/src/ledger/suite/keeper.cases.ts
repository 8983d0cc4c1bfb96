import assert from 'node:assert/strict';
import type { Findings } from '../keeping.ts';
import { defective, longMs, refused, shortMs, type Suite } from './check.ts';

const findings = (epoch: bigint): Findings => ({
  epoch,
  isDone: true,
  isCopied: true,
  copied: 2 ** 40,
  owed: 0,
  quarantined: 1,
  cleanPasses: 2,
  compared: 7,
  incidents: 3,
  trouble: 'E_MASS_REMOVAL',
  resume: '"\\ud800\u2028ä',
});

/** Who keeps the other store in step. */
export function keeperCases({ it }: Suite): void {
  it('one keeper at a time has the part, and the next one when the lease has ended', async (on) => {
    const { ledger, other, group, named } = on;
    const control = await on.reach('dual');
    assert.equal((await ledger.members(group)).keeping, null);
    const first = await ledger.keep(group, { keeper: named('a'), leaseMs: longMs });
    assert.deepEqual(first.control, control);
    assert.equal((await other.keep(group, { keeper: named('b'), leaseMs: longMs })).turn, null);
    assert.equal((await other.members(group)).keeping?.keeper, named('a'));
    await ledger.keep(group, { keeper: named('a'), leaseMs: shortMs });
    await on.pass(shortMs);
    assert.ok(((await ledger.members(group)).keeping?.leaseLeftMs ?? 1) <= 0);
    const second = await other.keep(group, { keeper: named('b'), leaseMs: longMs });
    assert.ok((second.turn as bigint) > (first.turn as bigint));
    assert.equal((await ledger.keep(group, { keeper: named('a'), leaseMs: longMs })).turn, null);
  });
  it('a keeper has one turn as long as it keeps in one state, and a later one in each other', async (on) => {
    const { ledger, group, named } = on;
    const turns: (bigint | null)[] = [];
    const keep = async (): Promise<number> =>
      turns.push((await ledger.keep(group, { keeper: named('a'), leaseMs: longMs })).turn);
    await on.reach('dual');
    await keep();
    await keep();
    assert.equal(turns[0], turns[1]);
    for (const next of ['shadow', 'dual', 'shadow', 'armed', 'frozen', 'armed'] as const) {
      await on.to(next);
      await keep();
      const [before, now] = turns.slice(-2) as bigint[];
      assert.ok(now > before, `${next}: ${now} is not beyond ${before}`);
    }
    assert.ok((turns[0] as bigint) > 0n);
  });
  it('of many who want the part at once, one has it', async (on) => {
    await on.reach('shadow');
    const asked = Array.from({ length: 8 }, (_, i) =>
      (i % 2 === 0 ? on.ledger : on.other).keep(on.group, { keeper: on.named(`k${i}`), leaseMs: longMs }),
    );
    const turns = (await Promise.all(asked)).map(({ turn }) => turn).filter((turn) => turn !== null);
    assert.equal(turns.length, 1);
  });
  it('who lets go is followed at once, and by nobody whom somebody else lets go', async (on) => {
    const { ledger, group, named } = on;
    await on.reach('dual');
    await ledger.letGo(group, named('a'));
    await ledger.keep(group, { keeper: named('a'), leaseMs: longMs });
    await ledger.letGo(group, named('b'));
    assert.equal((await ledger.keep(group, { keeper: named('b'), leaseMs: longMs })).turn, null);
    await ledger.letGo(group, named('a'));
    assert.notEqual((await ledger.keep(group, { keeper: named('b'), leaseMs: longMs })).turn, null);
  });
  findingCases({ it });
}

function findingCases({ it }: Suite): void {
  it('what the keeper found is there for everybody, also for the next keeper, until more is found', async (on) => {
    const { ledger, other, group, named } = on;
    const { epoch } = await on.reach('dual');
    const keeper = named('a');
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: findings(epoch) });
    // Whoever takes the part knows nothing of it yet.
    assert.equal((await other.members(group)).keeping?.findings, null);
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: findings(epoch) });
    assert.deepEqual((await other.members(group)).keeping?.findings, findings(epoch));
    await ledger.keep(group, { keeper, leaseMs: longMs });
    await ledger.letGo(group, keeper);
    const next = await other.keep(group, { keeper: named('b'), leaseMs: longMs });
    assert.deepEqual(next.findings, findings(epoch));
    assert.deepEqual((await ledger.members(group)).keeping?.findings, findings(epoch));
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: { ...findings(epoch), owed: 9 } });
    assert.equal((await ledger.members(group)).keeping?.findings?.owed, 0);
    await other.letGo(group, named('b'));
    // It has the part again, and what it found before another one kept is not true any more.
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: { ...findings(epoch), owed: 9 } });
    assert.equal((await ledger.members(group)).keeping?.findings?.owed, 0);
    await on.to('shadow');
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: { ...findings(epoch), owed: 8 } });
    assert.equal((await ledger.members(group)).keeping?.findings?.owed, 8);
    await ledger.keep(group, { keeper, leaseMs: longMs, findings: { ...findings(epoch), owed: 7 } });
    assert.equal((await ledger.members(group)).keeping?.findings?.owed, 8);
  });
  it('a group that nobody has begun has no keeper, and a lease is a time', async ({ ledger, group, named, reach }) => {
    const keeper = named('a');
    await refused('E_GROUP_MISSING', ledger.keep(group, { keeper, leaseMs: longMs }));
    await ledger.letGo(group, keeper);
    await reach('legacy');
    for (const leaseMs of [0, -1, 1.5, Number.NaN]) await defective(ledger.keep(group, { keeper, leaseMs }));
    await defective(ledger.keep(group, { keeper: '', leaseMs: longMs }));
    await defective(ledger.keep(group, { keeper, leaseMs: longMs, findings: findings(-1n) }));
  });
}
