import { limits } from '../core/limits.ts';
import type { Actor, Control } from '../ledger/contract.ts';
import { farFrom } from '../ledger/laggards.ts';
import { states } from '../ledger/states.ts';
import type { Crossing } from './crossing.ts';

/**
 * Takes one step out of a freeze whose time is over, back to whoever led before, or out of `armed` where nobody goes on:
 * nobody may wait for an operator who does not come. Like every step it waits until nobody alive is further than one state
 * away.
 *
 * @param lastedMs how long the state was seen to last
 * @returns whether a step was taken
 */
export async function thaw(
  { ledger, group }: Crossing,
  control: Control,
  { actor, commit }: Actor,
  lastedMs: number,
): Promise<boolean> {
  const { state, epoch, frozenLeftMs } = control;
  const isOver = frozenLeftMs === null ? state === 'armed' && lastedMs > limits.keepArmedMs : frozenLeftMs <= 0;
  if (!isOver) return false;
  const members = await ledger.members(group);
  const { phase, forward, back } = states[state];
  const to = phase === 'cutover' ? back : forward;
  if (members.control.epoch !== epoch || to === null || farFrom(members, to).length > 0) return false;
  const facts = { why: 'nobody went on in time' };
  return (await ledger.step(group, { from: { state, epoch }, to, actor, commit, facts })).outcome === 'done';
}
