import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The write path while a transactional store leads (SQLite): a trigger notes the key in the transaction of the write, and
 * whoever syncs the key then clears the note, unless somebody has written since. One key, and two syncs at once: that of
 * the writing process and the drainer's. Each may die after any step.
 */
interface Rules {
  /** What a sync does, in its order. It holds the lock of the key from the first until it has committed. */
  readonly sync: readonly (keyof typeof steps)[];
  readonly locksTheKey: boolean;
  /** Or clears it whatever counter it has. */
  readonly clearsOnlyWhatItSaw: boolean;
  /** Or begins again at 1 in a journal that was empty. */
  readonly givesACounterOnce: boolean;
}

const sound: Rules = {
  sync: ['sees the entry', 'reads the leader', 'commits', 'clears'],
  locksTheKey: true,
  clearsOnlyWhatItSaw: true,
  givesACounterOnce: true,
};

interface Sync {
  /** How many steps it has done. */
  done: number;
  entry: number;
  row: number;
}

interface Bounds {
  readonly writes: number;
}

interface State {
  /** A row is the number of the write that made it. */
  source: number;
  target: number;
  /** The counter of the key's entry; 0: it has none. */
  journal: number;
  counter: number;
  /** The latest row of the leader that was read by a sync which then committed. */
  proved: number;
  /** The latest row that the follower ever had. */
  reached: number;
  syncs: Sync[];
}

const names = ['inline', 'drainer'];

const steps = {
  'sees the entry': (state: State, sync: Sync) => {
    sync.entry = state.journal;
  },
  'reads the leader': (state: State, sync: Sync) => {
    sync.row = state.source;
  },
  commits: (state: State, sync: Sync) => {
    state.target = sync.row;
    state.proved = Math.max(state.proved, sync.row);
    state.reached = Math.max(state.reached, sync.row);
  },
  clears: (state: State, sync: Sync, rules: Rules) => {
    if (state.journal === sync.entry || !rules.clearsOnlyWhatItSaw) state.journal = 0;
  },
};

function model(rules: Rules, { writes }: Bounds): Model<State> {
  return {
    initial: [
      { source: 0, target: 0, journal: 0, counter: 0, proved: 0, reached: 0, syncs: names.map(() => forgotten()) },
    ],
    actions: [writing(rules, writes), ...names.flatMap((name, index) => syncing(rules, name, index))],
    invariants: {
      'P1 equal, or noted': ({ source, target, journal }) => source === target || journal > 0,
      'P3 cleared only after a sync that read later': ({ journal, proved, source }) => journal > 0 || proved === source,
      'P4 the follower never goes back': ({ target, reached }) => target === reached,
    },
    atRest: { 'nothing stays noted': ({ journal }) => journal === 0 },
    sometimes: {
      'written between read and commit': ({ source, syncs }) =>
        syncs.some(({ done, row }) => done === 2 && row < source),
      'two syncs have seen one entry': ({ syncs: [one, two] }) =>
        one?.done === 3 && two?.done === 3 && one.entry === two.entry,
      'every write has arrived': ({ target, journal }) => target === writes && journal === 0,
    },
    exchangeable: ['syncs'],
  };
}

function writing(rules: Rules, writes: number): Action<State> {
  return {
    name: 'a write, and its entry',
    guard: ({ source }) => source < writes,
    effect: (state) => {
      state.source += 1;
      state.counter = state.journal === 0 && !rules.givesACounterOnce ? 1 : state.counter + 1;
      state.journal = state.counter;
    },
  };
}

function syncing(rules: Rules, name: string, index: number): Action<State>[] {
  const own = (state: State): Sync => state.syncs[index];
  const holds = ({ done }: Sync): boolean => done > 0 && done <= rules.sync.indexOf('commits');
  const each = rules.sync.map(
    (step, at): Action<State> => ({
      name: `${name} ${step}`,
      guard: (state) =>
        own(state).done === at &&
        (at > 0 || (state.journal > 0 && !(rules.locksTheKey && state.syncs.some((sync) => holds(sync))))),
      effect: (state) => {
        const sync = own(state);
        steps[step](state, sync, rules);
        state.syncs[index] = at === rules.sync.length - 1 ? forgotten() : { ...sync, done: at + 1 };
      },
    }),
  );
  const dies = {
    name: `${name} dies`,
    guard: (state: State) => own(state).done > 0,
    effect: (state: State) => {
      state.syncs[index] = forgotten();
    },
  };
  return [...each, dies];
}

function forgotten(): Sync {
  return { done: 0, entry: 0, row: 0 };
}

export const writePath = subject({
  name: 'write path',
  sound,
  model,
  bounds: { writes: 4, statesMax: 1_000 },
  wider: { writes: 12, statesMax: 100_000 },
  planted: [
    {
      what: 'an entry is a mark, cleared by whoever has synced',
      rules: { clearsOnlyWhatItSaw: false },
      breaks: 'P1 equal, or noted',
      steps: 6,
    },
    {
      what: 'the counter is read after the row',
      rules: { sync: ['reads the leader', 'sees the entry', 'commits', 'clears'] },
      breaks: 'P1 equal, or noted',
      steps: 6,
    },
    {
      what: 'the entry is cleared before the follower has committed',
      rules: { sync: ['sees the entry', 'reads the leader', 'clears', 'commits'] },
      breaks: 'P1 equal, or noted',
      steps: 4,
    },
    {
      what: 'two syncs of a key at once',
      rules: { locksTheKey: false },
      breaks: 'P4 the follower never goes back',
      steps: 8,
    },
    {
      what: 'an empty journal counts from 1 again',
      rules: { givesACounterOnce: false },
      breaks: 'P1 equal, or noted',
      steps: 10,
    },
  ],
});
