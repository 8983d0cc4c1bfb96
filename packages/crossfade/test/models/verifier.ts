import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * Verification beside writes and syncs, whoever leads: it reads both rows and looks at the journal, counts what differs
 * without an entry, and has it synced again. Somebody may write to the follower behind everybody's back, and the leader
 * may fail over to a server that lacks its last write, which then only the follower has. One key.
 */
interface Rules {
  readonly verifier: readonly (keyof typeof looks)[];
  /** The lock that a sync takes as well, from the first look to the last. */
  readonly looksUnderTheLock: boolean;
  readonly noted: 'looked at again later' | 'taken for equal';
  readonly repair: 'a sync' | 'what the verifier has read';
  readonly repaired: 'stays counted' | 'is taken off the count';
  /** When a sync makes sure that the leader is the server it knows. */
  readonly timeline: 'with its read' | 'before its read' | 'never';
}

const sound: Rules = {
  verifier: ['reads the leader', 'reads the follower', 'looks at the journal'],
  looksUnderTheLock: true,
  noted: 'looked at again later',
  repair: 'a sync',
  repaired: 'stays counted',
  timeline: 'with its read',
};

interface Bounds {
  readonly writes: number;
}

/** A row that no write of the application has made. */
const foreign = 99;

interface State {
  /** A row is the number of the write that made it. */
  leader: number;
  follower: number;
  journal: number;
  counter: number;
  /** The leader is another server than at the beginning. */
  isFailedOver: boolean;
  /** Who wrote to the follower behind everybody's back, and whether that was before the verifier began. */
  intruder: 'none' | 'new' | 'standing';
  /** The write that only the follower has. */
  onlyCopy: number;
  hasCause: boolean;
  sync: { done: number; entry: number; row: number };
  verifier: { done: number; leader: number; follower: number; entry: number };
  /** A row to be repaired; 0: none. */
  repair: number;
  incidents: number;
  counted: number;
  passes: number;
  /** A pass was completed over a difference that it should have seen; a repair has put an older row over a newer one. */
  hasMissed: boolean;
  hasGoneBack: boolean;
}

const looks = {
  'reads the leader': (state: State) => {
    state.verifier.leader = state.leader;
  },
  'reads the follower': (state: State) => {
    state.verifier.follower = state.follower;
  },
  'looks at the journal': (state: State) => {
    state.verifier.entry = state.journal;
  },
};

const unread = { done: 0, leader: 0, follower: 0, entry: 0 };
const idle = { done: 0, entry: 0, row: 0 };

const isSyncing = ({ sync }: State): boolean => sync.done > 0 && sync.done < 3;

function model(rules: Rules, { writes }: Bounds): Model<State> {
  return {
    initial: [
      {
        leader: 1,
        follower: 1,
        journal: 0,
        counter: 0,
        isFailedOver: false,
        intruder: 'none',
        onlyCopy: 0,
        hasCause: false,
        sync: idle,
        verifier: unread,
        repair: 0,
        incidents: 0,
        counted: 0,
        passes: 0,
        hasMissed: false,
        hasGoneBack: false,
      },
    ],
    actions: [...happening(writes), ...syncing(rules), ...verifying(rules), ...repairing(rules)],
    invariants: {
      'P1 equal, or noted, or there is a cause': ({ leader, follower, journal, hasCause }) =>
        leader === follower || journal > 0 || hasCause,
      'P10 repair never puts an older row over a newer one': ({ hasGoneBack }) => !hasGoneBack,
      'P10 the only copy stays': ({ onlyCopy, follower }) => onlyCopy === 0 || follower === onlyCopy,
      'P11 no incident without a cause': ({ incidents, hasCause }) => incidents === 0 || hasCause,
      'P11 every incident stays counted': ({ incidents, counted }) => incidents === counted,
      'P11 no pass over a difference': ({ hasMissed }) => !hasMissed,
    },
    sometimes: {
      'written between the two reads': ({ verifier, leader }) => verifier.done === 1 && verifier.leader < leader,
      'two passes after a repair': ({ passes, incidents, leader, follower }) =>
        passes === 2 && incidents > 0 && leader === follower,
      'found, and not repaired': ({ incidents, onlyCopy, repair }) => incidents > 0 && onlyCopy > 0 && repair > 0,
    },
  };
}

function happening(writes: number): Action<State>[] {
  return [
    {
      name: 'a write to the leader, and its entry',
      guard: ({ leader, isFailedOver }) => leader < writes && !isFailedOver,
      effect: (state) => {
        state.leader += 1;
        state.journal = state.counter += 1;
      },
    },
    {
      name: 'somebody else writes to the follower',
      guard: ({ hasCause }) => !hasCause,
      effect: (state) => void Object.assign(state, { follower: foreign, intruder: 'new', hasCause: true }),
    },
    {
      name: 'the leader fails over, without its last write',
      guard: ({ hasCause, leader }) => !hasCause && leader > 1,
      effect: (state) => {
        if (state.follower === state.leader) state.onlyCopy = state.leader;
        state.leader -= 1;
        // The entry of the lost write is lost with it; that of an earlier one stands where the follower still needs it.
        state.journal = state.follower < state.leader ? state.journal : 0;
        Object.assign(state, { isFailedOver: true, hasCause: true });
      },
    },
  ];
}

function syncing(rules: Rules): Action<State>[] {
  const stops = ({ isFailedOver }: State, at: Rules['timeline']): boolean => isFailedOver && rules.timeline === at;
  return [
    {
      name: 'a sync sees the entry',
      guard: (state) =>
        state.sync.done === 0 &&
        (state.journal > 0 || (state.repair > 0 && rules.repair === 'a sync')) &&
        !(state.verifier.done > 0 && rules.looksUnderTheLock) &&
        !stops(state, 'before its read'),
      effect: (state) => void Object.assign(state.sync, { done: 1, entry: state.journal }),
    },
    {
      name: 'the sync reads the leader',
      guard: (state) => state.sync.done === 1 && !stops(state, 'with its read'),
      effect: (state) => void Object.assign(state.sync, { done: 2, row: state.leader }),
    },
    {
      name: 'the sync commits',
      guard: ({ sync }) => sync.done === 2,
      effect: (state) => {
        arrives(state, state.sync.row, rules, rules.repair === 'a sync');
        Object.assign(state.sync, { done: 3, row: 0 });
      },
    },
    {
      name: 'the sync clears',
      guard: ({ sync }) => sync.done === 3,
      effect: (state) => {
        if (state.journal === state.sync.entry) state.journal = 0;
        state.sync = { ...idle };
      },
    },
    {
      name: 'the sync dies',
      guard: ({ sync }) => sync.done > 0,
      effect: (state) => {
        state.sync = { ...idle };
      },
    },
  ];
}

function arrives(state: State, row: number, { repaired }: Rules, repairs: boolean): void {
  state.hasGoneBack ||= state.follower !== foreign && row < state.follower && !state.isFailedOver;
  state.follower = row;
  state.intruder = 'none';
  if (!repairs) return;
  if (state.repair > 0 && repaired === 'is taken off the count') state.counted = 0;
  state.repair = 0;
}

function verifying(rules: Rules): Action<State>[] {
  const steps = rules.verifier.map(
    (look, at): Action<State> => ({
      name: `the verifier ${look}`,
      guard: (state) =>
        state.verifier.done === at &&
        (at > 0 || (state.passes < 2 && state.incidents < 2 && !(isSyncing(state) && rules.looksUnderTheLock))),
      effect: (state) => {
        if (at === 0 && state.intruder === 'new') state.intruder = 'standing';
        looks[look](state);
        state.verifier.done += 1;
      },
    }),
  );
  return [
    ...steps,
    {
      name: 'the verifier judges',
      guard: ({ verifier }) => verifier.done === rules.verifier.length,
      effect: (state) => {
        const { leader, follower, entry } = state.verifier;
        state.verifier = { ...unread };
        const differs = leader !== follower;
        if (differs && entry === 0) {
          Object.assign(state, { passes: 0, repair: leader });
          state.incidents += 1;
          state.counted += 1;
        } else if (!differs || rules.noted === 'taken for equal') {
          state.passes += 1;
          state.hasMissed ||= state.intruder === 'standing';
        }
      },
    },
  ];
}

function repairing(rules: Rules): Action<State>[] {
  if (rules.repair === 'a sync') return [];
  return [
    {
      name: 'the repair writes what the verifier has read',
      guard: ({ repair }) => repair > 0,
      effect: (state) => arrives(state, state.repair, rules, true),
    },
  ];
}

export const verifier = subject({
  name: 'verifier',
  sound,
  model,
  bounds: { writes: 3, statesMax: 100_000 },
  wider: { writes: 6, statesMax: 1_000_000 },
  planted: [
    {
      what: 'the journal is looked at first',
      rules: { verifier: ['looks at the journal', 'reads the leader', 'reads the follower'] },
      breaks: 'P11 no incident without a cause',
      steps: 5,
    },
    {
      what: 'both are read without the lock, and the journal last',
      rules: { looksUnderTheLock: false },
      breaks: 'P11 no incident without a cause',
      steps: 9,
    },
    {
      what: 'a key that is noted is taken for equal',
      rules: { noted: 'taken for equal' },
      breaks: 'P11 no pass over a difference',
      steps: 6,
    },
    {
      what: 'the repair writes what the verifier has read',
      rules: { repair: 'what the verifier has read' },
      breaks: 'P10 repair never puts an older row over a newer one',
      steps: 10,
    },
    {
      what: 'a repair resets the count',
      rules: { repaired: 'is taken off the count' },
      breaks: 'P11 every incident stays counted',
      steps: 8,
    },
    {
      what: 'G1: a sync or a repair after a failover',
      rules: { timeline: 'never' },
      breaks: 'P10 the only copy stays',
      steps: 9,
    },
    {
      what: 'the timeline is looked at before the read, not with it',
      rules: { timeline: 'before its read' },
      breaks: 'P10 the only copy stays',
      steps: 9,
    },
  ],
});
