import { laggardsOf } from '../ledger/laggards.ts';
import { passesWanted } from './comparer.ts';
import { captureAnew, rolesOf } from './crossing.ts';
import type { Shift } from './shift.ts';

/** Whether there is more to do at once, or nothing until something is written. */
export type Pace = 'on' | 'rest';

/**
 * One piece of keeping the follower in step while somebody leads: what was never copied is copied, then what is owed is
 * made up for, then everything is compared where the state says so. All three by one process, one after the other: none
 * may come in between another. It is compared in both directions: a rollback is a change of the lead like any other.
 */
export async function follow(shift: Shift): Promise<Pace> {
  await ensureNoted(shift);
  if (!shift.isCopied && !(await isMet(shift))) return 'rest';
  if (!shift.isCopied && !shift.copier.isThrough) {
    await shift.copier.range();
    return shift.copier.isThrough && shift.copier.quarantined > 0 ? 'rest' : 'on';
  }
  const round = await shift.drained();
  if (!shift.isCopied && round.isDrained && !shift.copier.isOver) await shift.copyAgain();
  shift.isCopied ||= shift.copier.isOver;
  shift.isDone = shift.isCopied && !round.isMore;
  const isBehind = round.isMore || round.cleared > 0;
  await noteReadiness(shift);
  const isCompared = shift.state.phase === 'shadow-read' || shift.state.phase === 'postgres-primary';
  if (shift.isCopied && isCompared && !round.isMore && shift.isToCompare) return compare(shift, isBehind);
  return isBehind ? 'on' : 'rest';
}

async function compare(shift: Shift, isBehind: boolean): Promise<Pace> {
  const { crossing, control, comparer } = shift;
  const found = await comparer.range();
  if (found === 'going') return 'on';
  shift.passed();
  if (comparer.cleanPasses >= passesWanted)
    await crossing.ledger.note(crossing.group, { epoch: control.epoch, isVerified: true });
  // What a repair does not mend is no reason to go on without a pause.
  const isUnproved = found === 'clean' && comparer.cleanPasses < passesWanted;
  return isBehind || isUnproved ? 'on' : 'rest';
}

/** Where the capture does not stand, writes went by unnoted: from here on they are noted, and everything is copied. */
export async function ensureNoted(shift: Shift): Promise<void> {
  const { leader } = rolesOf(shift.crossing, shift.from);
  if ((await leader.capture.stands()).stands) return;
  await shift.restart();
  // Capture knows no turns, and the fence of the same store does: whoever comes late drops nobody's entries.
  await (shift.state.leader === null ? leader.fence.set(shift.turn) : leader.fence.lift(shift.turn));
  await captureAnew(leader);
}

/** Whether a rollback would lose nothing, where there is one, is told when it changes. */
async function noteReadiness(shift: Shift): Promise<void> {
  const { crossing, control, state } = shift;
  if (state.phase !== 'postgres-primary') return;
  const isRollbackReady = shift.isCopied && shift.findings(null).quarantined === 0;
  const before = shift.isReadyNoted ?? control.isRollbackReady;
  if (before === isRollbackReady) return;
  await crossing.ledger.note(crossing.group, { epoch: control.epoch, isRollbackReady });
  shift.isReadyNoted = isRollbackReady;
}

/** Whether every instance acts by this state, so that every write from now on is noted. */
async function isMet({ crossing: { ledger, group }, control }: Shift): Promise<boolean> {
  const members = await ledger.members(group);
  const { live, expired } = laggardsOf(members);
  return members.control.epoch === control.epoch && live.length + expired.length === 0;
}
