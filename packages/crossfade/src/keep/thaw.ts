import type { Actor, Control } from '../ledger/contract.ts';
import { farFrom } from '../ledger/laggards.ts';
import { states } from '../ledger/states.ts';
import type { Crossing } from './crossing.ts';

/**
 * Takes one step out of a freeze whose time is over, back to whoever led before: nobody may wait for an operator who does
 * not come. Like every step it waits until nobody alive is further than one state away.
 *
 * @returns whether a step was taken
 */
export async function thaw({ ledger, group }: Crossing, control: Control, { actor, commit }: Actor): Promise<boolean> {
  const { state, epoch, frozenLeftMs } = control;
  if (frozenLeftMs === null || frozenLeftMs > 0) return false;
  const members = await ledger.members(group);
  const { phase, forward, back } = states[state];
  const to = phase === 'cutover' ? back : forward;
  if (members.control.epoch !== epoch || to === null || farFrom(members, to).length > 0) return false;
  const facts = { why: 'the time of the freeze was over' };
  return (await ledger.step(group, { from: { state, epoch }, to, actor, commit, facts })).outcome === 'done';
}
