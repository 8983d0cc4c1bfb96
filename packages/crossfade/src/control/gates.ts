import { passesWanted } from '../keep/comparer.ts';
import type { Members } from '../ledger/contract.ts';
import type { Findings } from '../ledger/keeping.ts';
import { farFrom, laggardsOf } from '../ledger/laggards.ts';
import { type StateName, states } from '../ledger/states.ts';

/** What a step may ask for. */
export type GateName =
  | 'near'
  | 'acked'
  | 'met'
  | 'keeper'
  | 'done'
  | 'copied'
  | 'quarantine'
  | 'owed'
  | 'verified'
  | 'clean'
  | 'ready';

/** A gate of a step, as it stands. */
export interface GateReading {
  readonly gate: GateName;
  /** Why it is closed; null: it is open. */
  readonly why: string | null;
}

/** Entries of the journal that a cutover may begin with: fewer than one round, behind which there may be any number. */
export const owedMax = 500;

type Judge = (members: Members, to: StateName) => string | null;

/** A judgement about what the keeper found in this very state; without it a gate is closed. */
const found =
  (judge: (findings: Findings) => string | null): Judge =>
  ({ control, keeping }) => {
    const findings = keeping?.findings ?? null;
    return findings === null || findings.epoch !== control.epoch
      ? 'the keeper has not yet said anything about this state'
      : judge(findings);
  };

/** Each answers why it is closed. Names, counts and ids, nothing out of a row. */
const judges: Readonly<Record<GateName, Judge>> = {
  near: (members, to) => {
    const far = farFrom(members, to);
    return far.length === 0 ? null : `${named(far)} still act by a state that is more than one step from ${to}`;
  },
  acked: (members) => {
    const { live } = laggardsOf(members);
    return live.length === 0 ? null : `${named(live)} still act by an earlier state`;
  },
  met: (members) => {
    const { live, expired } = laggardsOf(members);
    if (live.length > 0) return `${named(live)} still act by an earlier state`;
    return expired.length === 0
      ? null
      : `${named(expired)} have not been heard of since an earlier state: prove that they have ended, and forget them`;
  },
  keeper: ({ keeping }) => {
    if (keeping === null || keeping.leaseLeftMs <= 0) return 'no process keeps the other store in step';
    const { trouble = null } = keeping.findings ?? {};
    return trouble === null ? null : `the keeper ${keeping.keeper} is held up by ${trouble}`;
  },
  done: found(({ isDone }) => (isDone ? null : 'the keeper has not done all that this state asks for')),
  copied: found(({ isCopied, copied }) => (isCopied ? null : `not everything is copied (${copied} records so far)`)),
  quarantine: found(({ quarantined }) =>
    quarantined === 0
      ? null
      : `${quarantined} units are in quarantine: the other store cannot hold them, or they cannot be read`,
  ),
  owed: found(({ owed }) =>
    owed <= owedMax ? null : `${owed} entries of the journal are not made up for, and ${owedMax} may be open`,
  ),
  verified: found(({ cleanPasses }) =>
    cleanPasses >= passesWanted
      ? null
      : `${cleanPasses} of ${passesWanted} comparisons of everything were without a difference`,
  ),
  clean: ({ instances }) => {
    const unclean = instances.filter(({ isUnclean }) => isUnclean);
    return unclean.length === 0
      ? null
      : `${named(unclean)} went without signing off: what they alone knew may be missing`;
  },
  ready: ({ control }) => (control.isRollbackReady ? null : 'the old store does not hold everything'),
};

const insideFreeze = ['acked', 'keeper', 'done'] as const;

/** Which gates a step has, by the state that it leaves. */
const gates: Readonly<
  Record<StateName, { readonly forward: readonly GateName[]; readonly back: readonly GateName[] }>
> = {
  legacy: { forward: ['keeper', 'done'], back: [] },
  dual: { forward: ['met', 'keeper', 'done', 'copied', 'quarantine'], back: ['met'] },
  shadow: { forward: ['met', 'keeper', 'copied', 'quarantine', 'owed', 'verified', 'clean'], back: ['met'] },
  armed: { forward: ['met', 'keeper', 'done', 'copied', 'quarantine', 'owed'], back: ['near'] },
  frozen: { forward: insideFreeze, back: ['near'] },
  switched: { forward: insideFreeze, back: ['near'] },
  primary: {
    forward: ['met', 'keeper'],
    back: ['met', 'keeper', 'done', 'copied', 'ready', 'quarantine', 'owed', 'verified'],
  },
  // A rollback goes through the table the other way.
  'back-switched': { forward: ['near'], back: insideFreeze },
  'back-frozen': { forward: ['near'], back: insideFreeze },
  final: { forward: [], back: [] },
};

/** The gates of the step forward or back from where the group is. */
export function readGates(members: Members, direction: 'forward' | 'back'): GateReading[] {
  const { state } = members.control;
  const to = states[state][direction] ?? state;
  return gates[state][direction].map((gate) => ({ gate, why: judges[gate](members, to) }));
}

/** Those that are closed. */
export function closedGates(members: Members, direction: 'forward' | 'back'): GateReading[] {
  return readGates(members, direction).filter(({ why }) => why !== null);
}

function named(instances: readonly { readonly id: string }[]): string {
  const ids = instances.map(({ id }) => id);
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more instances`;
}
