import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The way to armed and back, from legacy by dual and shadow, where the application notes its own writes (files, NocoDB):
 * an instance that has not heard of dual yet writes without a note. Instances may be out of reach for as long as they
 * like and go on meanwhile. One key; that an entry outlives its write is the model of intents.
 */
interface Rules {
  /** What an instance waits for before it acknowledges a state. */
  readonly acknowledges: 'when its earlier writes have ended' | 'at once';
  readonly backfill: 'when all have acknowledged' | 'at once';
  /** Whom a step waits for: an instance out of reach may be alive. */
  readonly on: 'everybody' | 'those in reach';
  readonly back: 'waits as well' | 'does not wait';
  readonly legacy: 'clears the checkpoints' | 'keeps them';
}

const [legacy, dual, armed] = [0, 1, 3] as const;

const sound: Rules = {
  acknowledges: 'when its earlier writes have ended',
  backfill: 'when all have acknowledged',
  on: 'everybody',
  back: 'waits as well',
  legacy: 'clears the checkpoints',
};

interface Bounds {
  readonly instances: readonly string[];
  readonly writes: number;
  readonly moves: number;
}

interface Instance {
  state: number;
  hasAcknowledged: boolean;
  isInReach: boolean;
  write: 'none' | 'without a note' | 'noted';
}

interface State {
  control: { state: number; epoch: number };
  /** A row is the number of the write that made it. */
  source: number;
  target: number;
  /** The writes whose entries are settled and not cleared: none, or some. */
  isNoted: boolean;
  isCopied: boolean;
  /** A sync or a chunk, one at a time: they take the same locks. */
  task: { does: 'nothing' | 'sync' | 'chunk'; row: number };
  instances: Instance[];
}

const resting: State['task'] = { does: 'nothing', row: 0 };

function move(state: State, to: number, rules: Rules): void {
  const { control, instances } = state;
  Object.assign(control, { state: to, epoch: control.epoch + 1 });
  for (const instance of instances) instance.hasAcknowledged = false;
  // Whoever works on the follower checks the epoch with its commit.
  state.task = { ...resting };
  if (to !== legacy) return;
  state.isNoted = false;
  if (rules.legacy === 'clears the checkpoints') state.isCopied = false;
}

function model(rules: Rules, bounds: Bounds): Model<State> {
  return {
    initial: [
      {
        control: { state: legacy, epoch: 1 },
        source: 1,
        target: 0,
        isNoted: false,
        isCopied: false,
        task: resting,
        instances: bounds.instances.map(() => ({
          state: legacy,
          hasAcknowledged: true,
          isInReach: true,
          write: 'none',
        })),
      },
    ],
    actions: [
      ...bounds.instances.flatMap((name, index) => living(rules, bounds, name, index)),
      ...working(rules),
      ...stepping(rules, bounds),
    ],
    invariants: {
      'P1 equal, or noted, or not copied': ({ control, source, target, isNoted, isCopied, instances }) =>
        control.state === legacy ||
        !isCopied ||
        source === target ||
        isNoted ||
        instances.some(({ write }) => write === 'noted'),
      'P5 the living are in two adjacent states': ({ control, instances }) => {
        const states = [control.state, ...instances.map(({ state }) => state)];
        return Math.max(...states) - Math.min(...states) <= 1;
      },
    },
    sometimes: {
      'armed, with every write copied': ({ control, source, target, isCopied }) =>
        control.state === armed && isCopied && source === bounds.writes && target === source,
      'written without a note while others are in dual': ({ control, instances }) =>
        control.state === dual && instances.some(({ write }) => write === 'without a note'),
      'in legacy again, and copied anew': ({ control, isCopied }) => isCopied && control.epoch > 3,
      'one out of reach, which writes': ({ instances }) =>
        instances.some(({ isInReach, write }) => !isInReach && write !== 'none'),
    },
    exchangeable: ['instances'],
  };
}

function living(rules: Rules, { writes }: Bounds, name: string, index: number): Action<State>[] {
  const own = (state: State): Instance => state.instances[index];
  return [
    {
      name: `${name} polls`,
      guard: (state) => {
        const { isInReach, hasAcknowledged, write } = own(state);
        return isInReach && !hasAcknowledged && (write === 'none' || rules.acknowledges === 'at once');
      },
      effect: (state) => void Object.assign(own(state), { state: state.control.state, hasAcknowledged: true }),
    },
    {
      name: `${name} goes out of reach`,
      guard: (state) => own(state).isInReach,
      effect: (state) => void Object.assign(own(state), { isInReach: false }),
    },
    {
      name: `${name} is back`,
      guard: (state) => !own(state).isInReach,
      effect: (state) => void Object.assign(own(state), { isInReach: true }),
    },
    {
      name: `${name} begins a write`,
      guard: (state) => own(state).write === 'none' && state.source < writes,
      effect: (state) => {
        own(state).write = own(state).state === legacy ? 'without a note' : 'noted';
      },
    },
    {
      name: `${name}'s write lands`,
      guard: (state) => own(state).write !== 'none',
      effect: (state) => {
        state.source += 1;
        state.isNoted ||= own(state).write === 'noted' && state.control.state !== legacy;
        own(state).write = 'none';
      },
    },
  ];
}

function working(rules: Rules): Action<State>[] {
  const begins = (does: 'sync' | 'chunk', isWanted: (state: State) => boolean): Action<State> => ({
    name: `a ${does} reads the source`,
    guard: (state) => state.task.does === 'nothing' && state.control.state !== legacy && isWanted(state),
    effect: (state) => {
      state.task = { does, row: state.source };
    },
  });
  const mayCopy = ({ instances, isCopied }: State): boolean =>
    !isCopied && (rules.backfill === 'at once' || instances.every(({ hasAcknowledged }) => hasAcknowledged));
  return [
    begins('sync', ({ isNoted }) => isNoted),
    begins('chunk', mayCopy),
    {
      name: 'it commits',
      guard: ({ task }) => task.does !== 'nothing',
      effect: (state) => {
        const { does, row } = state.task;
        state.target = row;
        if (does === 'chunk') state.isCopied = true;
        else state.isNoted = state.source !== row;
        state.task = { ...resting };
      },
    },
  ];
}

function stepping(rules: Rules, { moves }: Bounds): Action<State>[] {
  const mayMove = ({ control, instances }: State, waits: boolean): boolean =>
    control.epoch <= moves &&
    (!waits ||
      instances.every(
        ({ hasAcknowledged, isInReach }) => hasAcknowledged || (rules.on === 'those in reach' && !isInReach),
      ));
  return [
    {
      name: 'the operator goes on',
      guard: (state) => state.control.state < armed && mayMove(state, true),
      effect: (state) => move(state, state.control.state + 1, rules),
    },
    {
      name: 'the operator goes back',
      guard: (state) => state.control.state > legacy && mayMove(state, rules.back === 'waits as well'),
      effect: (state) => move(state, state.control.state - 1, rules),
    },
  ];
}

export const approach = subject({
  name: 'approach',
  sound,
  model,
  bounds: { instances: ['a', 'b'], writes: 3, moves: 5, statesMax: 100_000 },
  wider: { instances: ['a', 'b', 'c'], writes: 4, moves: 8, statesMax: 5_000_000 },
  planted: [
    {
      what: 'an instance acknowledges dual while a write of legacy is on its way',
      rules: { acknowledges: 'at once' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 7,
    },
    {
      what: 'the backfill begins before all have acknowledged dual',
      rules: { backfill: 'at once' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 5,
    },
    {
      what: 'who is out of reach is taken for dead',
      rules: { on: 'those in reach' },
      breaks: 'P5 the living are in two adjacent states',
      steps: 4,
    },
    {
      what: 'the checkpoints outlive a step back to legacy',
      rules: { legacy: 'keeps them' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 11,
    },
    {
      what: 'a step back waits for nobody',
      rules: { back: 'does not wait' },
      breaks: 'P5 the living are in two adjacent states',
      steps: 7,
      keeps: 'P1 equal, or noted, or not copied',
    },
  ],
});
