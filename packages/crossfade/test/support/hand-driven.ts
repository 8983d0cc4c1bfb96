import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Control, Ledger } from '../../src/ledger/contract.ts';
import { laggardsOf } from '../../src/ledger/laggards.ts';
import { type StateName, states } from '../../src/ledger/states.ts';
import type { Mapping, Side } from '../../src/schema/mapping/mapping.ts';
import type { LiveDriver } from '../../src/store/contract.ts';
import { compareRange } from '../../src/sync/compare-range.ts';
import { type BulkLeg, copyRange } from '../../src/sync/copy-range.ts';
import { Drain } from '../../src/sync/drain.ts';
import { stamps } from './stamps.ts';

/** A crossing that a test drives step by step, by the protocol, with drivers of its own beside those of the instances. */
export interface HandDriven {
  readonly ledger: Ledger;
  readonly group: string;
  readonly mapping: Mapping;
  readonly source: LiveDriver;
  readonly target: LiveDriver;
}

const by = { actor: 'operator', commit: 'c0ffee' };

const stamp = stamps();

/** Takes one step, and waits until every instance has acknowledged it. */
export async function walk({ ledger, group }: HandDriven, to: StateName): Promise<bigint> {
  const { state, epoch } = (await ledger.control(group)) as Control;
  const budget = states[to].leader === null && states[state].leader !== null ? { budgetMs: 60_000 } : {};
  const { outcome, control } = await ledger.step(group, { ...by, from: { state, epoch }, to, ...budget });
  expect(outcome).toBe('done');
  while (laggardsOf(await ledger.members(group)).live.length > 0) await sleep(5);
  return control.epoch;
}

/** From `legacy`: what is written from here on is noted, and what was there is copied. */
export async function start(driven: HandDriven): Promise<BulkLeg> {
  await driven.source.capture.install();
  const there = await begin(driven, 'source', await walk(driven, 'dual'));
  await copyAll(there);
  await new Drain(there).round();
  await walk(driven, 'shadow');
  return there;
}

/** From `shadow` to `primary`; answers with the leg by which the source is kept. */
export async function cutOver(driven: HandDriven, there: BulkLeg): Promise<BulkLeg> {
  const { source, target } = driven;
  await walk(driven, 'armed');
  const frozen = await walk(driven, 'frozen');
  await source.fence.set(frozen);
  await drainAll(there);
  await expectEqual(there);
  await target.capture.install();
  await target.fence.lift(frozen);
  await walk(driven, 'switched');
  const back = await begin(driven, 'target', await walk(driven, 'primary'));
  await source.capture.remove();
  return back;
}

/** From `primary` to `shadow`, with all that was written meanwhile; answers with the leg of the way there. */
export async function rollBack(driven: HandDriven, back: BulkLeg): Promise<BulkLeg> {
  const { source, target } = driven;
  await target.fence.set(await walk(driven, 'back-switched'));
  await drainAll(back);
  await expectEqual(back);
  const frozen = await walk(driven, 'back-frozen');
  // No applier of the target's lead writes from here on, and the forward journal begins before the source is thawed.
  await source.mirror.begin(frozen);
  await source.capture.install();
  await source.fence.lift(frozen);
  const there = await begin(driven, 'source', await walk(driven, 'armed'));
  await target.capture.remove();
  await walk(driven, 'shadow');
  return there;
}

/** The leg in which this side leads; the follower takes it from now on, and no earlier one. */
async function begin({ mapping, source, target }: HandDriven, from: Side, epoch: bigint): Promise<BulkLeg> {
  const [leader, follower] = from === 'source' ? [source, target] : [target, source];
  await follower.mirror.begin(epoch);
  return { mapping, from, leader, follower, epoch, stamp };
}

/** Copies everything that the leader holds. */
async function copyAll(leg: BulkLeg): Promise<void> {
  for (const family of leg.mapping.families) {
    let next: Awaited<ReturnType<typeof copyRange>>['next'] = null;
    do {
      const copied = await copyRange(leg, family, next, { limit: 50, removalsMax: 0 });
      expect(copied.refused).toEqual([]);
      next = copied.next;
    } while (next !== null);
  }
}

/** Drains until nothing is owed: to be called behind a fence, since writers at work owe more all the time. */
async function drainAll(leg: BulkLeg): Promise<void> {
  const drain = new Drain(leg);
  for (let last = await drain.round(); last.cleared + last.waiting > 0; last = await drain.round())
    expect(last).toMatchObject({ refused: [], unnamed: 0 });
}

/** Every record of both sides is equal. */
async function expectEqual(leg: BulkLeg): Promise<void> {
  for (const family of leg.mapping.families)
    expect(await compareRange(leg, family, null, 10_000)).toMatchObject({ different: [], owed: 0, next: null });
}
