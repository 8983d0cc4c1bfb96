import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The way back, from primary to armed, and forward again: the mirror with a second applier that should be no more, two
 * coordinators that may turn round at any state, an abort by whoever finds that frozen_until is past. That a write is
 * stopped between its check and the store is the flip's model; here a write lands wherever the stores let it. One key, one
 * instance that reads, and writers beside it.
 */
interface Rules {
  /** What the source asks of a mirrored row, and where the guard of a key lies. */
  readonly guard: 'epoch and version' | 'version' | 'nothing';
  readonly guardLies: 'outside the row' | 'in the row';
  readonly versions: 'grow for ever' | 'begin anew with each epoch';
  /** What an applier clears that was refused because its epoch is over. */
  readonly refused: 'clears nothing' | 'clears';
  /** What a coordinator does before it moves the row back from a state. */
  readonly back: Readonly<Record<number, readonly Duty[]>>;
  /** In armed, whichever way it goes. */
  readonly thaw: readonly Duty[];
  /** By what an abort from switched tells whether this was a flip or a rollback. */
  readonly row: 'says who leads' | 'says the state alone';
}

const [armed, frozen, switched, primary] = [3, 4, 5, 6] as const;

const sound: Rules = {
  guard: 'epoch and version',
  guardLies: 'outside the row',
  versions: 'grow for ever',
  refused: 'clears nothing',
  back: {
    [primary]: [],
    [switched]: ['counts', 'finds the outbox empty', 'ends the mirror'],
    [frozen]: ['counts', 'starts the capture'],
  },
  thaw: ['lifts the fence'],
  row: 'says who leads',
};

const onward: Readonly<Record<number, readonly Duty[]>> = {
  [armed]: ['counts'],
  [frozen]: ['counts', 'sets the fence', 'finds the journal empty'],
  [switched]: ['counts'],
};

interface Bounds {
  readonly writes: number;
  readonly moves: number;
  readonly appliers: readonly string[];
  readonly coordinators: readonly string[];
}

interface Applier {
  done: number;
  row: number;
  version: number;
  term: number;
}

interface Coordinator {
  /** As it has read the row; 0: it has read nothing. */
  state: number;
  epoch: number;
  way: number;
  done: number;
}

interface State {
  /** The term is the epoch in which the target began to lead. */
  control: { state: number; epoch: number; term: number; leader: 'source' | 'target'; isLate: boolean };
  fence: { epoch: number; isSet: boolean };
  /** A row is the number of the write that made it, negative of one that removed it. */
  source: number;
  target: number;
  acknowledged: number;
  /** Mirrored rows of another epoch are refused; and the last row that was mirrored to the key. */
  mirrorEpoch: number;
  guard: { epoch: number; version: number };
  /** The latest version with an entry; 0: the outbox is empty. The write with which the versions began. */
  outbox: number;
  versionsFrom: number;
  /** Of the source: whether writes are noted, and whether the key is. */
  isCaptured: boolean;
  isNoted: boolean;
  sync: { isUnderWay: boolean; row: number };
  reader: { state: number; hasAcknowledged: boolean; lease: boolean };
  appliers: Applier[];
  coordinators: Coordinator[];
  /** Something was mirrored when the source led already. */
  isMirroredLate: boolean;
}

const duties = {
  counts: ({ reader }: State) => reader.hasAcknowledged || !reader.lease,
  'finds the outbox empty': ({ outbox }: State) => outbox === 0,
  'finds the journal empty': ({ isNoted }: State) => !isNoted,
  'ends the mirror': () => true,
  'starts the capture': () => true,
  'sets the fence': () => true,
  'lifts the fence': () => true,
};

type Duty = keyof typeof duties;

const dutiesOf = (rules: Rules, { state, way }: Coordinator): readonly Duty[] => [
  ...(state === armed ? rules.thaw : []),
  ...((way > 0 ? onward[state] : rules.back[state]) ?? []),
];

function fulfil(duty: Duty, state: State, epoch: number): void {
  if (duty === 'starts the capture') state.isCaptured = true;
  if (duty === 'ends the mirror') state.mirrorEpoch = Math.max(state.mirrorEpoch, epoch);
  if (duty.endsWith('the fence') && epoch > state.fence.epoch) {
    state.fence = { epoch, isSet: duty === 'sets the fence' };
  }
}

function move(state: State, to: number, rules: Rules): void {
  const { control, sync, reader } = state;
  Object.assign(control, { state: to, epoch: control.epoch + 1 });
  if (to === primary) Object.assign(control, { term: control.epoch, leader: 'target' });
  if (to === frozen) control.leader = 'source';
  if (to === armed || to === primary) control.isLate = false;
  reader.hasAcknowledged = false;
  // The check of the epoch locks the row until its transaction ends.
  Object.assign(sync, { isUnderWay: false, row: 0 });
  forgetTheHarmless(state, rules);
}

/** Fewer states: a coordinator whose row is over and whom nobody obeys is as one that has read nothing. */
function forgetTheHarmless({ control, fence, mirrorEpoch, isCaptured, coordinators }: State, rules: Rules): void {
  for (const each of coordinators.filter(({ epoch }) => epoch < control.epoch)) {
    const isObeyed = dutiesOf(rules, each)
      .slice(each.done)
      .some(
        (duty) =>
          (duty.endsWith('the fence') && each.epoch > fence.epoch) ||
          (duty === 'ends the mirror' && each.epoch > mirrorEpoch) ||
          (duty === 'starts the capture' && !isCaptured),
      );
    if (!isObeyed) Object.assign(each, nothing);
  }
}

const nothing: Coordinator = { state: 0, epoch: 0, way: 0, done: 0 };

const isEqual = ({ source, target }: State): boolean => source === target || (source <= 0 && target <= 0);

const isAcknowledged = ({ acknowledged }: State, row: number): boolean => Math.abs(row) === acknowledged;

function model(rules: Rules, bounds: Bounds): Model<State> {
  return {
    initial: [
      {
        control: { state: primary, epoch: 1, term: 1, leader: 'target', isLate: false },
        fence: { epoch: 0, isSet: true },
        source: 1,
        target: 1,
        acknowledged: 1,
        mirrorEpoch: 1,
        guard: { epoch: 0, version: 0 },
        outbox: 0,
        versionsFrom: 0,
        isCaptured: false,
        isNoted: false,
        sync: { isUnderWay: false, row: 0 },
        reader: { state: primary, hasAcknowledged: true, lease: true },
        appliers: bounds.appliers.map(() => idle),
        coordinators: bounds.coordinators.map(() => nothing),
        isMirroredLate: false,
      },
    ],
    actions: [
      ...writing(bounds),
      ...reading,
      ...bounds.appliers.flatMap((name, index) => mirroring(rules, name, index)),
      ...syncing,
      ...bounds.coordinators.flatMap((name, index) => coordinating(rules, bounds, name, index)),
      ...aborting(rules, bounds),
    ],
    invariants: {
      'P1 equal, or noted, while the source leads': (state) =>
        state.control.leader === 'target' || isEqual(state) || state.isNoted,
      'P2 what is acknowledged is at the leader': (state) => isAcknowledged(state, state[state.control.leader]),
      'P4 nothing is mirrored where the source leads': ({ isMirroredLate }) => !isMirroredLate,
      'P5 the living are in two adjacent states': ({ control, reader }) =>
        !reader.lease || Math.abs(control.state - reader.state) <= 1,
      'P7 every read returns what was acknowledged': (state) =>
        !state.reader.lease || isAcknowledged(state, state.reader.state < switched ? state.source : state.target),
      'P9 equal, or in the outbox, while the target leads': (state) =>
        state.control.leader === 'source' || isEqual(state) || state.outbox > 0,
    },
    sometimes: {
      'rolled back, and written there': ({ control, source }) => control.leader === 'source' && source > 2,
      'forward again, and mirrored': ({ control, guard }) => control.term > 5 && guard.epoch === control.term,
      'an applier of an earlier term is about to write': ({ control, appliers }) =>
        control.state === primary && appliers.some(({ done, term }) => done === 1 && term < control.term),
      'an applier is about to write where the source leads': ({ control, appliers }) =>
        control.state === armed && appliers.some(({ done }) => done === 1),
      'a rollback is aborted with something in the outbox': ({ control, outbox }) =>
        control.state === switched && control.isLate && outbox > 0,
    },
    exchangeable: ['appliers', 'coordinators'],
  };
}

function writing({ writes }: Bounds): Action<State>[] {
  const write = (what: string, to: 'source' | 'target', sign: number): Action<State> => ({
    name: `${what} the ${to}`,
    guard: (state) =>
      (to === 'source' ? !state.fence.isSet : state.control.state === primary) &&
      (sign > 0 || state[to] > 0) &&
      state.acknowledged < writes,
    effect: (state) => {
      state.acknowledged += 1;
      state[to] = sign * state.acknowledged;
      if (to === 'target') state.outbox = state.acknowledged;
      else state.isNoted = state.isNoted || state.isCaptured;
    },
  });
  const both = ['source', 'target'] as const;
  return both.flatMap((to) => [write('somebody writes to', to, 1), write('somebody removes from', to, -1)]);
}

const reading: readonly Action<State>[] = [
  {
    name: 'the reader polls',
    guard: ({ reader }) => !reader.lease || !reader.hasAcknowledged,
    effect: ({ reader, control }) =>
      void Object.assign(reader, { state: control.state, hasAcknowledged: true, lease: true }),
  },
  {
    name: 'the reader loses its lease',
    guard: ({ reader }) => reader.lease,
    effect: ({ reader }) => void Object.assign(reader, { state: 0, hasAcknowledged: false, lease: false }),
  },
];

const syncing: readonly Action<State>[] = [
  {
    name: 'a sync reads the source',
    guard: ({ control, sync, isNoted }) =>
      control.leader === 'source' && control.state < switched && !sync.isUnderWay && isNoted,
    effect: (state) => {
      state.sync = { isUnderWay: true, row: state.source };
    },
  },
  {
    name: 'the sync commits',
    guard: ({ sync }) => sync.isUnderWay,
    effect: (state) => {
      state.target = state.sync.row;
      state.isNoted = state.source !== state.sync.row;
      state.sync = { isUnderWay: false, row: 0 };
    },
  },
];

const idle: Applier = { done: 0, row: 0, version: 0, term: 0 };

function mirroring(rules: Rules, name: string, index: number): Action<State>[] {
  const own = (state: State): Applier => state.appliers[index];
  return [
    {
      name: `${name} begins the epoch of its term`,
      guard: ({ control, mirrorEpoch }) => index === 0 && control.state === primary && mirrorEpoch < control.term,
      effect: (state) => {
        state.mirrorEpoch = state.control.term;
        state.isCaptured = false;
        if (rules.versions === 'begin anew with each epoch') state.versionsFrom = Math.abs(state.source);
      },
    },
    {
      name: `${name} reads the target`,
      guard: (state) => own(state).done === 0 && state.control.leader === 'target' && state.outbox > 0,
      effect: (state) => {
        const version = Math.abs(state.target) - state.versionsFrom;
        Object.assign(own(state), { done: 1, row: state.target, version, term: state.control.term });
      },
    },
    {
      name: `${name} writes to the source, if it may`,
      guard: (state) => own(state).done === 1,
      effect: (state) => {
        const { row, version, term } = own(state);
        const { guard, mirrorEpoch } = state;
        Object.assign(own(state), { done: 2, row: 0, term: 0 });
        if (rules.guard === 'epoch and version' && term !== mirrorEpoch) {
          if (rules.refused === 'clears nothing') Object.assign(own(state), idle);
          return;
        }
        const isLater =
          rules.guard === 'epoch and version'
            ? term > guard.epoch || (term === guard.epoch && version > guard.version)
            : rules.guard === 'nothing' || version > guard.version;
        if (!isLater) return;
        state.source = row;
        state.isMirroredLate ||= state.control.leader === 'source';
        state.guard = rules.guardLies === 'in the row' && row < 0 ? { epoch: 0, version: 0 } : { epoch: term, version };
      },
    },
    {
      name: `${name} clears the outbox up to there`,
      guard: (state) => own(state).done === 2,
      effect: (state) => {
        if (state.outbox <= own(state).version + state.versionsFrom) state.outbox = 0;
        Object.assign(own(state), idle);
      },
    },
  ];
}

function coordinating(rules: Rules, { moves }: Bounds, name: string, index: number): Action<State>[] {
  const own = (state: State): Coordinator => state.coordinators[index];
  const reads = (what: string, way: number, last: number): Action<State> => ({
    name: `${name} reads the row, to go ${what}`,
    guard: (state) => own(state).state === 0 && state.control.state !== last && state.control.epoch <= moves,
    effect: ({ control, coordinators }) => {
      coordinators[index] = { state: control.state, epoch: control.epoch, way, done: 0 };
    },
  });
  const does = (duty: Duty): Action<State> => ({
    name: `${name} ${duty}`,
    guard: (state) =>
      own(state).state !== 0 && dutiesOf(rules, own(state))[own(state).done] === duty && duties[duty](state),
    effect: (state) => {
      own(state).done += 1;
      fulfil(duty, state, own(state).epoch);
    },
  });
  return [
    reads('on', 1, primary),
    reads('back', -1, armed),
    ...Object.keys(duties).map((duty) => does(duty as Duty)),
    {
      name: `${name} moves the row on or back`,
      guard: (state) => own(state).state !== 0 && own(state).done === dutiesOf(rules, own(state)).length,
      effect: (state) => {
        const { state: was, epoch, way } = own(state);
        Object.assign(own(state), nothing);
        const isOnInTime = way < 0 || was === armed || !state.control.isLate;
        if (epoch === state.control.epoch && isOnInTime) move(state, was + way, rules);
      },
    },
    {
      name: `${name} dies`,
      guard: (state) => own(state).state !== 0,
      effect: (state) => void Object.assign(own(state), nothing),
    },
  ];
}

/** Back to where the crossing was before it was frozen. */
function aborting(rules: Rules, { moves }: Bounds): Action<State>[] {
  return [
    {
      name: 'frozen_until passes',
      guard: ({ control }) => !control.isLate && (control.state === frozen || control.state === switched),
      effect: ({ control }) => {
        control.isLate = true;
      },
    },
    {
      name: 'somebody aborts',
      guard: ({ control }) => control.isLate && control.state === switched && control.epoch <= moves,
      effect: (state) => {
        const isRollback = rules.row === 'says who leads' && state.control.leader === 'target';
        move(state, isRollback ? primary : frozen, rules);
      },
    },
  ];
}

export const rollback = subject({
  name: 'rollback',
  sound,
  model,
  bounds: {
    writes: 3,
    moves: 6,
    appliers: ['the applier', 'an old applier'],
    coordinators: ['the coordinator'],
    statesMax: 300_000,
  },
  wider: {
    writes: 3,
    moves: 6,
    appliers: ['the applier', 'an old applier'],
    coordinators: ['one coordinator', 'another'],
    statesMax: 3_000_000,
  },
  planted: [
    {
      what: 'C1: an applier that should be no more writes what it read',
      rules: { guard: 'nothing' },
      breaks: 'P9 equal, or in the outbox, while the target leads',
      steps: 7,
    },
    {
      what: 'R1: it writes when the source leads again',
      rules: { guard: 'nothing' },
      breaks: 'P4 nothing is mirrored where the source leads',
      steps: 14,
    },
    {
      what: 'the guard goes with the row that is removed',
      rules: { guardLies: 'in the row' },
      breaks: 'P9 equal, or in the outbox, while the target leads',
      steps: 7,
    },
    {
      what: 'the guard knows no epoch, and versions begin anew',
      rules: { guard: 'version', versions: 'begin anew with each epoch' },
      breaks: 'P9 equal, or in the outbox, while the target leads',
      steps: 10,
    },
    {
      what: 'what an epoch refuses is cleared all the same',
      rules: { refused: 'clears' },
      breaks: 'P9 equal, or in the outbox, while the target leads',
      steps: 8,
    },
    {
      what: 'nobody waits for the outbox',
      rules: { back: { ...sound.back, [switched]: ['counts', 'ends the mirror'] } },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 8,
    },
    {
      what: 'the mirror is not ended',
      rules: { back: { ...sound.back, [switched]: ['counts', 'finds the outbox empty'] } },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 25,
    },
    {
      what: 'the forward journal begins after the thaw',
      rules: { back: { ...sound.back, [frozen]: ['counts'] }, thaw: ['lifts the fence', 'starts the capture'] },
      breaks: 'P1 equal, or noted, while the source leads',
      steps: 14,
    },
    {
      what: 'an abort takes a rollback for a flip',
      rules: { row: 'says the state alone' },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 5,
    },
  ],
});
