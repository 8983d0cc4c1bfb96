import type { StateName } from '../ledger/states.ts';
import type { Side } from '../schema/mapping/mapping.ts';
import { compareUnits } from '../sync/compare-units.ts';
import { raiseCounters } from './counters.ts';
import { captureAnew, rolesOf } from './crossing.ts';
import { ensureNoted, follow, type Pace } from './follow.ts';
import type { Shift } from './shift.ts';

/** What a state asks of the keeper. All of it may be done again, by the same keeper or another one. */
export interface Duty {
  /** Done once in a turn, before anything else. */
  readonly enter: (shift: Shift) => Promise<void>;
  /** Done again and again, as long as the state lasts. */
  readonly piece: (shift: Shift) => Promise<Pace>;
}

/** This side leads: its writes are let through and noted, and the other one takes them from this turn alone. */
const led = (from: Side): Duty => ({
  enter: async ({ crossing, turn }) => {
    const { leader, follower } = rolesOf(crossing, from);
    await follower.fence.set(turn);
    await follower.mirror.begin(turn);
    await follower.capture.remove();
    await leader.fence.lift(turn);
  },
  piece: follow,
});

/** Nobody leads any more: what the last leader has taken is brought over, and looked at. */
const drain = (from: Side): Duty => ({
  enter: async ({ crossing, turn }) => {
    const { leader, follower } = rolesOf(crossing, from);
    await leader.fence.set(turn);
    await follower.fence.set(turn);
    await follower.mirror.begin(turn);
    await follower.capture.remove();
  },
  piece: async (shift) => (shift.isDone ? 'rest' : bringOver(shift)),
});

/**
 * Everything is brought over, and the next leader is made ready: what an earlier turn may still send is refused, numbers
 * go on, and every write is noted. Its fence is lifted before it leads, since its first writes wait for nobody; until
 * then only strangers can write there, and they are noted.
 */
const release = (next: Side): Duty => ({
  enter: async ({ crossing, turn }) => {
    const { leader } = rolesOf(crossing, next);
    await leader.mirror.begin(turn);
    await raiseCounters(leader, crossing.mapping[next]);
    if (!(await leader.capture.stands()).stands) await captureAnew(leader);
    await leader.fence.lift(turn);
  },
  piece: atOnce,
});

/** The keeper's part of the table of states. */
export const duties: Readonly<Record<StateName, Duty>> = {
  legacy: {
    enter: async ({ crossing, control }) => {
      // At epoch 0 nothing of this crossing has touched the stores.
      if (control.epoch > 0n) await crossing.source.capture.remove();
    },
    piece: atOnce,
  },
  dual: led('source'),
  shadow: led('source'),
  armed: led('source'),
  frozen: drain('source'),
  switched: release('target'),
  primary: led('target'),
  'back-switched': drain('target'),
  'back-frozen': release('source'),
  final: { enter: ({ crossing }) => crossing.target.capture.remove(), piece: atOnce },
};

async function atOnce(shift: Shift): Promise<Pace> {
  shift.isDone = true;
  return 'rest';
}

/** One round; the last one is followed by a look at all units that were written lately. */
async function bringOver(shift: Shift): Promise<Pace> {
  const { leg, comparer } = shift;
  const round = await shift.drained();
  // Looked at behind the round, since an empty journal says nothing where nobody notes. Writes that went by are not to be
  // found while everybody waits: the freeze ends without a change of the lead.
  await ensureNoted(shift);
  if (!round.isDrained || !shift.isCopied) return round.cleared > 0 ? 'on' : 'rest';
  const different = await compareUnits(leg, shift.touched);
  comparer.incidents += different.length;
  shift.isDone = different.length === 0;
  return 'rest';
}
