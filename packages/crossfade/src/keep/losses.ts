import { CrossfadeError } from '../core/errors.ts';
import { breakBetween } from '../ledger/continuity.ts';
import { rolesOf } from './crossing.ts';
import type { Crossable, Crossing } from './crossing.ts';
import type { Shift } from './shift.ts';

/**
 * What may have been lost before a turn begins, by a failover of PostgreSQL or a process that kept its records in memory.
 * A follower that may have lost records is filled anew; where the leader may have, nothing is done at all: what it does
 * not show may be in the follower alone.
 *
 * @throws CrossfadeError E_LEDGER_BROKEN, E_SOURCE_RESTARTED
 */
export async function noticeLosses(shift: Shift): Promise<void> {
  const { crossing, control, from } = shift;
  if (control.state === 'legacy' || control.state === 'final') return;
  const { leader, follower } = rolesOf(crossing, from);
  const isMoved =
    breakBetween({ epoch: 0n, server: control.steppedOn }, { epoch: 0n, server: control.server }) !== null;
  if (isMoved && from === 'target')
    throw new CrossfadeError(
      'E_LEDGER_BROKEN',
      `${control.group}: another server of PostgreSQL has taken over since the last step, and may lack what the old one had acknowledged. The old store is not touched: it may hold the only copy. Compare both stores before going on.`,
      { group: control.group, state: control.state },
    );
  if ((await isForgetful(leader)) && (shift.isCopied || shift.copier.copied > 0)) throw restarted(crossing);
  if (isMoved || (await isForgetful(follower))) await shift.restart();
}

/** Whether the store keeps nothing over its process, and this process has had no part in a crossing yet. */
export async function isForgetful({ supports, fence }: Crossable): Promise<boolean> {
  return supports.durable === 'nothing' && (await fence.state()).epoch === null;
}

/** Nobody may take what is gone for removed. */
export function restarted({ group, source }: Crossing): CrossfadeError {
  return new CrossfadeError(
    'E_SOURCE_RESTARTED',
    `${group}: ${source.name} has begun anew while it leads, and its records are in PostgreSQL alone. Nothing was removed there. Open it with crossfade(), which fills it first, or go back to legacy.`,
    { group, store: source.name },
  );
}

/** Another keeper has the part by now. */
export function overtaken(group: string): CrossfadeError {
  return new CrossfadeError('E_FENCED', `${group}: another keeper has the part. Nothing more was done by this one.`, {
    group,
  });
}
