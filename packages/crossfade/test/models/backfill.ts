import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The backfill beside the syncs of the writes, removals included. Chunk and sync lock the chunk's id, the chunk alone and
 * syncs together; a chunk may be split by somebody else, so each looks again where its key lies once it has the lock. One
 * key, one copier, a sync at a time; each may die after any step.
 */
interface Rules {
  readonly locksTheRange: boolean;
  /** Or on another connection, which may break while the transaction goes on. */
  readonly locksIn: 'its own transaction' | 'another session';
  readonly looksAgain: boolean;
  readonly merge: 'makes equal' | 'removes nothing' | 'leaves what is there';
  readonly checkpoint: 'in the transaction of the merge' | 'before it';
}

const sound: Rules = {
  locksTheRange: true,
  locksIn: 'its own transaction',
  looksAgain: true,
  merge: 'makes equal',
  checkpoint: 'in the transaction of the merge',
};

interface Bounds {
  readonly writes: number;
  readonly syncs: readonly string[];
}

/** Of the copier or of a sync. */
interface Task {
  done: number;
  /** The id of the chunk in which it believes its key, and whether it holds the lock of that id. */
  chunk: number;
  holds: boolean;
  entry: number;
  row: number;
}

interface State {
  /** A row is the number of the write that made it, negative of one that removed it; 0: never written. */
  source: number;
  target: number;
  journal: number;
  counter: number;
  /** The chunk that has the key, and whether that chunk is copied. */
  chunk: number;
  copied: boolean;
  proved: number;
  reached: number;
  copiers: Task[];
  syncs: Task[];
}

type Step = (state: State, task: Task, rules: Rules) => void;

const arrives = (state: State, row: number): void => {
  state.target = row;
  state.reached = Math.max(state.reached, Math.abs(row));
};

const looksUp: Step = (state, task) => {
  task.chunk = state.chunk;
};

const locks: Step = (state, task, { looksAgain }) => {
  task.holds = true;
  if (looksAgain && task.chunk !== state.chunk) Object.assign(task, forgotten());
};

const reads: Step = (state, task) => {
  task.row = state.source;
};

const proves: Step = (state, task) => {
  state.proved = Math.max(state.proved, Math.abs(task.row));
  task.holds = false;
};

const merges: Readonly<Record<Rules['merge'], Step>> = {
  'makes equal': (state, { row }) => arrives(state, row),
  'removes nothing': (state, { row }) => row > 0 && arrives(state, row),
  'leaves what is there': (state, { row }) => (row <= 0 || state.target <= 0) && arrives(state, row),
};

const copierSteps: Readonly<Record<string, Step>> = {
  'looks up its chunk': looksUp,
  'locks the chunk alone': locks,
  'reads the range': (state, task, rules) => {
    reads(state, task, rules);
    if (rules.checkpoint === 'before it') state.copied = true;
  },
  'merges and commits': (state, task, rules) => {
    merges[rules.merge](state, task, rules);
    state.copied = true;
    proves(state, task, rules);
  },
};

const syncSteps: Readonly<Record<string, Step>> = {
  'looks up the chunk': looksUp,
  'locks chunk and key': locks,
  'sees the entry': (state, task) => {
    task.entry = state.journal;
  },
  'reads the leader': reads,
  commits: (state, task, rules) => {
    arrives(state, task.row);
    proves(state, task, rules);
  },
  clears: (state, task) => {
    if (state.journal === task.entry) state.journal = 0;
  },
};

const isEqual = ({ source, target }: State): boolean => source === target || (source <= 0 && target <= 0);

function model(rules: Rules, bounds: Bounds): Model<State> {
  const none = { journal: 0, counter: 0, chunk: 1, copied: false, proved: 1, reached: 1 };
  const tasks = { copiers: [forgotten()], syncs: bounds.syncs.map(() => forgotten()) };
  return {
    initial: [
      { source: 1, target: 0, ...none, ...tasks },
      // An earlier attempt has left what the application has removed since.
      { source: -1, target: 1, ...none, ...tasks },
    ],
    actions: [
      ...writing(bounds.writes),
      splits,
      ...working(rules, 'the copier', copierSteps, (state) => state.copiers, 0),
      ...bounds.syncs.flatMap((name, index) => working(rules, name, syncSteps, (state) => state.syncs, index)),
    ],
    invariants: {
      'P1 equal, or noted, or not copied': (state) => isEqual(state) || state.journal > 0 || !state.copied,
      'P3 cleared only after a sync that read later': ({ journal, proved, source }) =>
        journal > 0 || proved >= Math.abs(source),
      'P4 the follower never goes back': ({ target, reached }) => Math.abs(target) === reached || target === 0,
    },
    atRest: {
      'all is copied and nothing stays noted': (state) => state.copied && state.journal === 0 && isEqual(state),
    },
    sometimes: {
      'written between read and merge': ({ source, copiers }) =>
        copiers.some(({ done, row }) => done === 3 && row !== source),
      'a sync waits for the chunk': ({ copiers, syncs }) => copiers.some(holds) && syncs.some(({ done }) => done === 1),
      'split between the look and the lock': ({ chunk, syncs }) =>
        syncs.some((sync) => sync.done === 1 && sync.chunk !== chunk),
      'removed, and the removal has arrived': (state) => state.target < -1 && state.copied,
    },
    exchangeable: ['syncs'],
  };
}

function writing(writes: number): Action<State>[] {
  const write = (name: string, sign: number): Action<State> => ({
    name,
    guard: ({ source }) => Math.abs(source) <= writes && (sign > 0 || source > 0),
    effect: (state) => {
      state.source = sign * (Math.abs(state.source) + 1);
      state.journal = state.counter += 1;
    },
  });
  return [write('a write, and its entry', 1), write('a removal, and its entry', -1)];
}

const holds = (task: Task): boolean => task.holds;

const splits: Action<State> = {
  name: 'somebody splits the chunk',
  guard: ({ chunk, copiers, syncs }) =>
    chunk === 1 && ![...copiers, ...syncs].some((task) => task.holds && task.chunk === 1),
  effect: (state) => {
    state.chunk = 2;
  },
};

/** The steps of a task in their order, its death, and the loss of its lock where that can be lost by itself. */
function working(
  rules: Rules,
  name: string,
  steps: Readonly<Record<string, Step>>,
  list: (state: State) => Task[],
  index: number,
): Action<State>[] {
  const own = (state: State): Task => list(state)[index];
  const isCopier = steps === copierSteps;
  const isWanted = ({ copied, journal }: State): boolean => (isCopier ? !copied : journal > 0);
  const isFree = (state: State): boolean => {
    const meets = (other: Task): boolean => other.holds && other.chunk === own(state).chunk;
    const inTheRange = rules.locksTheRange && (isCopier ? state.syncs : state.copiers).some(meets);
    return !inTheRange && (isCopier || !state.syncs.some(holds));
  };
  const each = Object.entries(steps).map(([step, does], at, all) => ({
    name: `${name} ${step}`,
    guard: (state: State) => own(state).done === at && (at > 0 || isWanted(state)) && (at !== 1 || isFree(state)),
    effect: (state: State) => {
      const task = own(state);
      task.done = at + 1 === all.length ? 0 : at + 1;
      does(state, task, rules);
      if (task.done === 0) Object.assign(task, forgotten());
    },
  }));
  const becomes = (what: string, guard: (task: Task) => boolean, effect: Partial<Task>): Action<State> => ({
    name: `${name} ${what}`,
    guard: (state) => guard(own(state)),
    effect: (state) => void Object.assign(own(state), effect),
  });
  const loses = becomes('loses the connection of its lock', holds, { holds: false });
  const dies = becomes('dies', ({ done }) => done > 0, forgotten());
  return rules.locksIn === 'another session' ? [...each, dies, loses] : [...each, dies];
}

function forgotten(): Task {
  return { done: 0, chunk: 0, holds: false, entry: 0, row: 0 };
}

export const backfill = subject({
  name: 'backfill',
  sound,
  model,
  bounds: { writes: 2, syncs: ['the sync'], statesMax: 50_000 },
  wider: { writes: 4, syncs: ['one sync', 'another'], statesMax: 1_000_000 },
  planted: [
    {
      what: 'A2: no lock, and the chunk overwrites with what it read',
      rules: { locksTheRange: false },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 11,
    },
    {
      what: 'A3: no lock, and the chunk leaves what is there',
      rules: { locksTheRange: false, merge: 'leaves what is there' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 11,
    },
    {
      what: 'the chunk removes nothing',
      rules: { merge: 'removes nothing' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 4,
    },
    {
      what: 'the lock is held by another session',
      rules: { locksIn: 'another session' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 12,
    },
    {
      what: 'nobody looks again after the lock',
      rules: { looksAgain: false },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 12,
    },
    {
      what: 'the checkpoint comes before the merge',
      rules: { checkpoint: 'before it' },
      breaks: 'P1 equal, or noted, or not copied',
      steps: 3,
    },
  ],
});
