import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The cutover forward, from armed to final, with its aborts and a second attempt. Instances poll the control row, hold
 * leases, and sleep between looking and writing; whoever does not poll is one cut off or dead. Two coordinators know
 * nothing but the row, and either may be late with whatever it does next. One key; where leader and follower differ there
 * is an entry, which the models of the write path have shown.
 */
interface Rules {
  readonly writes: 'with a lease' | 'without';
  readonly reads: 'with a lease' | 'without';
  /** What an instance without a lease does to have one again. */
  readonly renews: 'takes the state of the row' | 'keeps its own';
  /** What a coordinator does in each state before it moves the row on. */
  readonly armed: readonly Duty[];
  readonly frozen: readonly Duty[];
  readonly next: Readonly<Record<number, number>>;
  readonly moves: 'if the row is as it was read' | 'whatever the row is';
  /** A fence obeys only who comes with a later epoch than the last, or whoever comes. */
  readonly fence: 'by epoch' | 'by whoever comes last';
  readonly sync: 'checks the epoch' | 'checks nothing';
  /** Where an abort from switched leads. */
  readonly aborts: 'by way of frozen' | 'straight to armed';
  /** Whether an abort to armed waits for those who still read from the target. */
  readonly abortWaits: boolean;
}

const [armed, frozen, switched, primary, final] = [3, 4, 5, 6, 7] as const;

const sound: Rules = {
  writes: 'with a lease',
  reads: 'with a lease',
  renews: 'takes the state of the row',
  armed: ['lifts the fence', 'counts all'],
  frozen: ['counts', 'sets the fence', 'finds the journal empty'],
  next: { [armed]: frozen, [frozen]: switched, [switched]: primary, [primary]: final },
  moves: 'if the row is as it was read',
  fence: 'by epoch',
  sync: 'checks the epoch',
  aborts: 'by way of frozen',
  abortWaits: true,
};

interface Bounds {
  readonly instances: readonly string[];
  readonly coordinators: readonly string[];
  readonly writes: number;
  readonly attempts: number;
}

interface Instance {
  state: number;
  /** It has acknowledged the row as it is now. */
  hasAcknowledged: boolean;
  lease: boolean;
  /** A write to the source has passed the check of the lease and has not reached the store. */
  isWriting: boolean;
}

interface Coordinator {
  /** As it has read the row; 0: it has read nothing. */
  state: number;
  epoch: number;
  done: number;
}

interface State {
  control: { state: number; epoch: number; attempt: number; isLate: boolean };
  fence: { epoch: number; isSet: boolean };
  /** A row is the number of the write that made it; `acknowledged` is the last one. */
  source: number;
  target: number;
  acknowledged: number;
  /** What a sync has read and not committed; it may find nothing to do. */
  sync: { isUnderWay: boolean; row: number };
  instances: Instance[];
  coordinators: Coordinator[];
}

/** What a coordinator waits for and does; false while it waits. */
const duties = {
  'counts all': ({ instances }: State) => instances.every(({ hasAcknowledged }) => hasAcknowledged),
  counts: ({ instances }: State) => instances.every(({ hasAcknowledged, lease }) => hasAcknowledged || !lease),
  'finds the journal empty': ({ source, target }: State) => source === target,
  'sets the fence': () => true,
  'lifts the fence': () => true,
};

type Duty = keyof typeof duties;

const dutiesIn = (rules: Rules, state: number): readonly Duty[] =>
  state === armed ? rules.armed : state === frozen ? rules.frozen : ['counts'];

function turn(state: State, epoch: number, isSet: boolean, rules: Rules): void {
  if (epoch > state.fence.epoch || rules.fence === 'by whoever comes last')
    Object.assign(state.fence, { epoch, isSet });
  forgetTheHarmless(state, rules);
}

function move(state: State, to: number, rules: Rules): void {
  const { control, instances, sync } = state;
  if (to === frozen && control.state === armed) Object.assign(control, { attempt: control.attempt + 1, isLate: false });
  Object.assign(control, { state: to, epoch: control.epoch + 1 });
  for (const instance of instances) instance.hasAcknowledged = false;
  if (rules.sync === 'checks the epoch') Object.assign(sync, { isUnderWay: false, row: 0 });
  forgetTheHarmless(state, rules);
}

/** Fewer states: a coordinator whose row is over and whose fence is not obeyed is as one that has read nothing. */
function forgetTheHarmless({ control, fence, coordinators }: State, rules: Rules): void {
  if (rules.moves === 'whatever the row is') return;
  for (const coordinator of coordinators.filter(({ epoch }) => epoch < control.epoch)) {
    const turns = dutiesIn(rules, coordinator.state)
      .slice(coordinator.done)
      .some((duty) => duty.endsWith('the fence'));
    const isObeyed = coordinator.epoch > fence.epoch || rules.fence === 'by whoever comes last';
    if (!turns || !isObeyed) Object.assign(coordinator, nothing);
  }
}

const nothing: Coordinator = { state: 0, epoch: 0, done: 0 };

function model(rules: Rules, bounds: Bounds): Model<State> {
  const reads = (state: State): Instance[] => state.instances.filter(({ lease }) => lease || rules.reads === 'without');
  return {
    initial: [
      {
        control: { state: armed, epoch: 1, attempt: 0, isLate: false },
        fence: { epoch: 0, isSet: false },
        source: 0,
        target: 0,
        acknowledged: 0,
        sync: { isUnderWay: false, row: 0 },
        instances: bounds.instances.map(() => ({ state: armed, hasAcknowledged: true, lease: true, isWriting: false })),
        coordinators: bounds.coordinators.map(() => nothing),
      },
    ],
    actions: [
      ...bounds.instances.flatMap((name, index) => living(rules, bounds, name, index)),
      ...bounds.coordinators.flatMap((name, index) => coordinating(rules, bounds, name, index)),
      ...draining,
      ...aborting(rules),
    ],
    invariants: {
      'P2 what is acknowledged is at the leader': ({ control, source, target, acknowledged }) =>
        (control.state > switched || source === acknowledged) && (control.state < switched || target === acknowledged),
      'P5 the living are in two adjacent states': ({ control, instances }) => {
        const states = [control.state, ...instances.filter(({ lease }) => lease).map(({ state }) => state)];
        return Math.max(...states) - Math.min(...states) <= 1;
      },
      'P6 nothing is written to what was drained': ({ control, coordinators, source, target }) =>
        source === target ||
        !coordinators.some(
          ({ state, epoch, done }) => state === frozen && epoch === control.epoch && done === rules.frozen.length,
        ),
      'P7 every read returns what was acknowledged': (state) =>
        reads(state).every((each) => state.acknowledged === (each.state < switched ? state.source : state.target)),
    },
    sometimes: {
      'flipped without one who has not answered': (state) =>
        state.control.state === primary && state.instances.some(({ lease }) => !lease),
      'flipped at the second attempt': ({ control }) => control.state === primary && control.attempt === 2,
      'a write of before the flip reaches the fence': ({ control, instances, fence }) =>
        control.state === primary && fence.isSet && instances.some(({ isWriting }) => isWriting),
      'aborted after the switch': ({ control, instances }) =>
        control.state === frozen && instances.some(({ state }) => state === switched),
      'the fence is set again': ({ control, fence }) => control.attempt === 2 && fence.isSet,
      'a set is late for an attempt that was aborted': ({ control, coordinators }) =>
        control.state === armed && coordinators.some((each) => each.state === frozen),
      'written on both sides of the flip': ({ control, source, target }) =>
        control.state === final && source > 0 && target > source,
    },
    exchangeable: ['instances', 'coordinators'],
  };
}

function living(rules: Rules, { writes }: Bounds, name: string, index: number): Action<State>[] {
  const own = (state: State): Instance => state.instances[index];
  const mayWrite = ({ lease }: Instance, state: State): boolean =>
    (lease || rules.writes === 'without') && state.acknowledged < writes;
  // Fewer states: one that has to ask before it does anything is as one that knows nothing.
  const asksFirst = rules.writes === rules.reads && rules.renews === 'takes the state of the row';
  return [
    {
      name: `${name} polls`,
      guard: (state) => !own(state).lease || !own(state).hasAcknowledged,
      effect: (state) => {
        const keeps = !own(state).lease && own(state).state > 0 && rules.renews === 'keeps its own';
        const taken = keeps ? {} : { state: state.control.state, hasAcknowledged: true };
        Object.assign(own(state), { lease: true, ...taken });
      },
    },
    {
      name: `${name} loses its lease`,
      guard: (state) => own(state).lease,
      effect: (state) =>
        void Object.assign(own(state), { lease: false, ...(asksFirst ? { state: 0, hasAcknowledged: false } : {}) }),
    },
    {
      name: `${name} may write to the source`,
      guard: (state) => own(state).state === armed && !own(state).isWriting && mayWrite(own(state), state),
      effect: (state) => {
        own(state).isWriting = true;
      },
    },
    {
      name: `${name}'s write reaches the source`,
      guard: (state) => own(state).isWriting,
      effect: (state) => {
        own(state).isWriting = false;
        if (!state.fence.isSet) state.source = state.acknowledged += 1;
      },
    },
    {
      // Its transaction checks the epoch: a write that comes late is none.
      name: `${name} writes to the target`,
      guard: (state) => own(state).state >= primary && own(state).hasAcknowledged && mayWrite(own(state), state),
      effect: (state) => {
        state.target = state.acknowledged += 1;
      },
    },
    {
      name: `${name} dies, and another starts in its place`,
      guard: (state) => own(state).isWriting,
      effect: (state) =>
        void Object.assign(own(state), { isWriting: false, lease: false, state: 0, hasAcknowledged: false }),
    },
  ];
}

function coordinating(rules: Rules, { attempts }: Bounds, name: string, index: number): Action<State>[] {
  const own = (state: State): Coordinator => state.coordinators[index];
  const isDone = ({ state, done }: Coordinator): boolean => state !== 0 && done === dutiesIn(rules, state).length;
  const does = (duty: Duty): Action<State> => ({
    name: `${name} ${duty}`,
    guard: (state) => {
      const { state: phase, done } = own(state);
      return phase !== 0 && dutiesIn(rules, phase)[done] === duty && duties[duty](state);
    },
    effect: (state) => {
      const { epoch } = own(state);
      own(state).done += 1;
      if (duty.endsWith('the fence')) turn(state, epoch, duty === 'sets the fence', rules);
    },
  });
  return [
    {
      name: `${name} reads the row`,
      guard: (state) => own(state).state === 0 && state.control.state !== final,
      effect: (state) => {
        const { state: phase, epoch } = state.control;
        Object.assign(own(state), { state: phase, epoch, done: 0 });
      },
    },
    ...Object.keys(duties).map((duty) => does(duty as Duty)),
    {
      name: `${name} moves the row on`,
      guard: (state) => isDone(own(state)) && (own(state).state !== armed || state.control.attempt < attempts),
      effect: (state) => {
        const { state: was, epoch } = own(state);
        const isFrozen = was === frozen || was === switched;
        const matches = epoch === state.control.epoch && !(isFrozen && state.control.isLate);
        Object.assign(own(state), nothing);
        if (matches || rules.moves === 'whatever the row is') move(state, rules.next[was], rules);
      },
    },
    {
      name: `${name} dies`,
      guard: (state) => own(state).state !== 0,
      effect: (state) => void Object.assign(own(state), nothing),
    },
  ];
}

/** What has read under an earlier row does not commit: the check locks the row until its transaction ends. */
const draining: readonly Action<State>[] = [
  {
    name: 'a sync reads the source',
    guard: ({ control, sync }) => control.state <= frozen && !sync.isUnderWay,
    effect: (state) => {
      state.sync = { isUnderWay: true, row: state.source };
    },
  },
  {
    name: 'the sync commits',
    guard: ({ sync }) => sync.isUnderWay,
    effect: (state) => {
      state.target = state.sync.row;
      state.sync = { isUnderWay: false, row: 0 };
    },
  },
];

/** By whoever finds that frozen_until is past. */
function aborting(rules: Rules): Action<State>[] {
  const isSwitched = ({ lease, state }: Instance): boolean => lease && state === switched;
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
      guard: ({ control, instances }) =>
        control.isLate &&
        (control.state === switched || (control.state === frozen && !(rules.abortWaits && instances.some(isSwitched)))),
      effect: (state) =>
        move(state, state.control.state === switched && rules.aborts === 'by way of frozen' ? frozen : armed, rules),
    },
  ];
}

export const flip = subject({
  name: 'flip',
  sound,
  model,
  bounds: {
    instances: ['a', 'b'],
    coordinators: ['one coordinator', 'another'],
    writes: 2,
    attempts: 2,
    statesMax: 200_000,
  },
  wider: {
    instances: ['a', 'b', 'c'],
    coordinators: ['one coordinator', 'another'],
    writes: 2,
    attempts: 2,
    statesMax: 10_000_000,
  },
  planted: [
    {
      what: "B1': without its lease an instance goes on, and nobody sets a fence",
      rules: { writes: 'without', frozen: ['counts', 'finds the journal empty'] },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 12,
    },
    {
      what: 'B2, B6: a lease, and no fence',
      rules: { frozen: ['counts', 'finds the journal empty'] },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 12,
    },
    {
      what: 'B4: no state in which reads switch while all is frozen',
      rules: { next: { ...sound.next, [frozen]: primary } },
      breaks: 'P7 every read returns what was acknowledged',
      steps: 13,
    },
    {
      what: 'E1: a sync of before the flip commits after it',
      rules: { sync: 'checks nothing' },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 18,
    },
    {
      what: 'F1: the coordinator flips what was aborted',
      rules: { moves: 'whatever the row is' },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 17,
    },
    {
      what: 'the fence is only set or not set',
      rules: { fence: 'by whoever comes last' },
      breaks: 'P2 what is acknowledged is at the leader',
      steps: 15,
    },
    {
      what: 'the journal is emptied before the fence is set',
      rules: { frozen: ['counts', 'finds the journal empty', 'sets the fence'] },
      breaks: 'P6 nothing is written to what was drained',
      steps: 12,
    },
    {
      what: 'reads go on without a lease',
      rules: { reads: 'without' },
      breaks: 'P7 every read returns what was acknowledged',
      steps: 16,
    },
    {
      what: 'a lease is renewed by who was counted out',
      rules: { renews: 'keeps its own' },
      breaks: 'P7 every read returns what was acknowledged',
      steps: 18,
    },
    {
      what: 'an abort goes from switched to armed',
      rules: { aborts: 'straight to armed' },
      breaks: 'P7 every read returns what was acknowledged',
      steps: 18,
    },
    {
      what: 'an abort from frozen waits for nobody',
      rules: { abortWaits: false },
      breaks: 'P7 every read returns what was acknowledged',
      steps: 19,
    },
  ],
});
