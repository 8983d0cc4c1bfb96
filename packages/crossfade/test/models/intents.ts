import type { Action, Model } from './explorer.ts';
import { subject } from './subject.ts';

/**
 * The write path while a store without transactions leads (NocoDB, files): a process notes its intent durably, sends the
 * write, and settles the entry when the reply has come. A request may land after the process was told of an error, and
 * after the process has died; its life is bounded, and a process may sleep between any two steps. One key, one process
 * for each write, two syncs at once.
 */
interface Rules {
  /** Or one for the key: a mark, or a counter. */
  readonly entry: 'of each write' | 'a mark' | 'a counter';
  readonly notes: 'before it sends' | 'after it has sent';
  /** When the entry of a write whose outcome nobody knows may be cleared. */
  readonly unknown: 'when its request can land no more' | 'at once';
  /** When the entry of a process that is not heard of any more may be cleared. */
  readonly silent: 'with a mark of the process' | 'without' | 'at once';
  /** Which mark a full verification takes away. */
  readonly unmarks: 'a process of which nothing can land any more' | 'a process known to be dead' | 'any';
  readonly syncs: 'whenever a key is noted' | 'after a reply';
  readonly sync: readonly (keyof typeof steps)[];
}

const sound: Rules = {
  entry: 'of each write',
  notes: 'before it sends',
  unknown: 'when its request can land no more',
  silent: 'with a mark of the process',
  unmarks: 'a process of which nothing can land any more',
  syncs: 'whenever a key is noted',
  sync: ['sees the entries', 'reads the leader', 'commits', 'clears'],
};

interface Bounds {
  readonly writes: number;
  readonly syncs: readonly string[];
}

interface Write {
  process: 'idle' | 'noted' | 'sent' | 'told' | 'failed' | 'dead';
  request: 'none' | 'flying' | 'landed' | 'over';
  entry: 'none' | 'open' | 'settled' | 'cleared';
  /** The lease of its process has ended without a word; the process may wake all the same. */
  silent: boolean;
  unclean: boolean;
  /** A sync that read after the write has landed, or could land no more, has committed. */
  proved: boolean;
}

interface Sync {
  done: number;
  /** The writes whose entries it may clear, and those that its read has seen the end of. */
  seen: number[];
  ended: number[];
  mark: number;
  row: number;
}

interface State {
  source: number;
  target: number;
  /** The entry of the key, where it is one for all writes; 0 is none. */
  mark: number;
  counter: number;
  writes: Write[];
  syncs: Sync[];
}

/** Nothing can make it land any more. */
const isEnded = ({ process, request }: Write): boolean =>
  request === 'landed' || request === 'over' || (request === 'none' && process === 'dead');

const isNoted = ({ entry }: Write): boolean => entry === 'open' || entry === 'settled';

const isStill = ({ process }: Write): boolean => process === 'failed' || process === 'dead';

function mayClear({ unknown, silent }: Rules, write: Write): boolean {
  if (write.entry !== 'open') return write.entry === 'settled';
  const rests = unknown === 'at once' || write.request !== 'flying';
  if (isStill(write)) return rests;
  return write.silent && (silent === 'at once' || rests);
}

const which = (writes: readonly Write[], is: (write: Write) => boolean): number[] =>
  writes.flatMap((write, index) => (is(write) ? [index] : []));

const steps = {
  'sees the entries': (state: State, sync: Sync, rules: Rules) => {
    sync.seen = which(state.writes, (write) => mayClear(rules, write));
    sync.mark = state.mark;
  },
  'reads the leader': (state: State, sync: Sync) => {
    sync.row = state.source;
    sync.ended = which(state.writes, isEnded);
  },
  commits: (state: State, sync: Sync) => {
    state.target = sync.row;
    for (const index of sync.ended) state.writes[index].proved = true;
    Object.assign(sync, { row: 0, ended: [] });
  },
  clears: (state: State, sync: Sync, { entry }: Rules) => {
    for (const index of sync.seen) state.writes[index].entry = 'cleared';
    if (entry === 'a mark' || state.mark === sync.mark) state.mark = 0;
  },
};

function model(rules: Rules, bounds: Bounds): Model<State> {
  const none: Write = { process: 'idle', request: 'none', entry: 'none', silent: false, unclean: false, proved: false };
  const first = { source: 0, target: 0, mark: 0, counter: 0, syncs: bounds.syncs.map(() => forgotten()) };
  return {
    initial: [{ ...first, writes: Array.from({ length: bounds.writes }, () => none) }],
    actions: [
      ...Array.from({ length: bounds.writes }, (_, index) => writing(rules, index)).flat(),
      ...bounds.syncs.flatMap((name, index) => syncing(rules, name, index)),
      verifies(rules),
    ],
    invariants: {
      'P1 equal, or noted': ({ source, target, mark, writes }) =>
        source === target || mark > 0 || writes.some((write) => isNoted(write) || write.unclean),
      'P3 cleared only after a sync that read later': ({ writes }) =>
        writes.every(({ entry, proved, unclean }) => entry !== 'cleared' || proved || unclean),
    },
    atRest: { 'nothing stays noted': ({ writes, mark }) => mark === 0 && !writes.some(isNoted) },
    sometimes: {
      'landed after the error': ({ writes }) =>
        writes.some(({ process, request, entry }) => process === 'failed' && request === 'landed' && entry === 'open'),
      'landed after the death': ({ writes }) =>
        writes.some(({ process, request, proved }) => process === 'dead' && request === 'landed' && !proved),
      'woken after its entry was cleared': ({ writes }) =>
        writes.some(({ process, entry }) => process === 'sent' && entry === 'cleared'),
      'every write has arrived': ({ source, target, writes }) =>
        source === target && writes.every(({ process, entry }) => process === 'told' && entry === 'cleared'),
    },
    exchangeable: ['syncs'],
  };
}

function writing(rules: Rules, index: number): Action<State>[] {
  const name = `write ${index + 1}`;
  const own = (state: State): Write => state.writes[index];
  const step = (does: string, guard: (write: Write) => boolean, effect: (write: Write, state: State) => void) => ({
    name: `${name} ${does}`,
    guard: (state: State) => guard(own(state)),
    effect: (state: State) => effect(own(state), state),
  });
  const note = (write: Write, state: State): void => {
    if (rules.entry === 'of each write') write.entry = 'open';
    else state.mark = state.counter += rules.entry === 'a counter' || state.counter === 0 ? 1 : 0;
  };
  const notesFirst = rules.notes === 'before it sends';
  return [
    step(
      'is noted',
      ({ process }) => process === (notesFirst ? 'idle' : 'sent'),
      (write, state) => {
        write.process = 'noted';
        note(write, state);
      },
    ),
    step(
      'is sent',
      ({ process }) => process === (notesFirst ? 'noted' : 'idle'),
      (write) => {
        Object.assign(write, { process: 'sent', request: 'flying' });
      },
    ),
    step(
      'lands',
      ({ request }) => request === 'flying',
      (write, state) => {
        write.request = 'landed';
        state.source = index + 1;
      },
    ),
    step(
      'can land no more',
      ({ request }) => request === 'flying',
      (write) => {
        write.request = 'over';
      },
    ),
    step(
      'is acknowledged',
      ({ process, request }) => process === 'sent' && request === 'landed',
      (write) => {
        write.process = 'told';
        if (write.entry === 'open') write.entry = 'settled';
      },
    ),
    step(
      'is told of an error',
      ({ process }) => process === 'sent',
      (write) => {
        write.process = 'failed';
      },
    ),
    step(
      'loses its process',
      ({ process }) => process === 'noted' || process === 'sent',
      (write) => {
        write.process = 'dead';
      },
    ),
    step(
      'is not heard of',
      ({ process, silent }) => !silent && (process === 'noted' || process === 'sent'),
      (write) => {
        write.silent = true;
        write.unclean = rules.silent === 'with a mark of the process';
      },
    ),
  ];
}

function syncing(rules: Rules, name: string, index: number): Action<State>[] {
  const own = (state: State): Sync => state.syncs[index];
  const holds = ({ done }: Sync): boolean => done > 0 && done <= rules.sync.indexOf('commits');
  const isWanted = ({ writes, mark, syncs }: State): boolean =>
    (mark > 0 || writes.some(isNoted)) &&
    !syncs.some((sync) => holds(sync)) &&
    (rules.syncs === 'whenever a key is noted' ||
      writes.some(({ process }) => process === 'told') ||
      writes.every(isStill));
  const each = rules.sync.map((step, at) => ({
    name: `${name} ${step}`,
    guard: (state: State) => own(state).done === at && (at > 0 || isWanted(state)),
    effect: (state: State) => {
      const sync = own(state);
      steps[step](state, sync, rules);
      state.syncs[index] = at === rules.sync.length - 1 ? forgotten() : { ...sync, done: at + 1 };
    },
  }));
  return [
    ...each,
    {
      name: `${name} dies`,
      guard: (state) => own(state).done > 0,
      effect: (state) => {
        state.syncs[index] = forgotten();
      },
    },
  ];
}

/** Of all keys, at one moment; what differs was repaired by a sync. */
function verifies({ unmarks }: Rules): Action<State> {
  const isOver: Readonly<Record<Rules['unmarks'], (write: Write) => boolean>> = {
    'a process of which nothing can land any more': isEnded,
    'a process known to be dead': ({ process }) => process === 'dead',
    any: () => true,
  };
  const ends = (write: Write): boolean => write.unclean && isOver[unmarks](write);
  return {
    name: 'a full verification finds nothing',
    guard: ({ source, target, writes }) => source === target && writes.some(ends),
    effect: ({ writes }) => {
      for (const write of writes.filter(ends)) Object.assign(write, { unclean: false, proved: true });
    },
  };
}

function forgotten(): Sync {
  return { done: 0, seen: [], ended: [], mark: 0, row: 0 };
}

export const intents = subject({
  name: 'intents',
  sound,
  model,
  bounds: { writes: 2, syncs: ['the drainer'], statesMax: 100_000 },
  wider: { writes: 2, syncs: ['one sync', 'another'], statesMax: 300_000 },
  planted: [
    {
      what: 'A1: the key is marked, and the mark is cleared',
      rules: { entry: 'a mark', syncs: 'after a reply' },
      breaks: 'P1 equal, or noted',
      steps: 10,
    },
    {
      what: 'V2: the same with a counter',
      rules: { entry: 'a counter', syncs: 'after a reply' },
      breaks: 'P1 equal, or noted',
      steps: 10,
    },
    {
      what: 'D1: an error is a failure: synced, and cleared',
      rules: { unknown: 'at once' },
      breaks: 'P1 equal, or noted',
      steps: 8,
    },
    {
      what: 'the write is sent before its intent is noted',
      rules: { notes: 'after it has sent' },
      breaks: 'P1 equal, or noted',
      steps: 2,
    },
    {
      what: 'entries are looked at after the row',
      rules: { sync: ['reads the leader', 'sees the entries', 'commits', 'clears'] },
      breaks: 'P1 equal, or noted',
      steps: 8,
    },
    {
      what: 'entries are cleared before the commit',
      rules: { sync: ['sees the entries', 'reads the leader', 'clears', 'commits'] },
      breaks: 'P1 equal, or noted',
      steps: 7,
    },
    {
      what: 'the lease of a process ends, and its entry is cleared',
      rules: { silent: 'without' },
      breaks: 'P1 equal, or noted',
      steps: 8,
    },
    {
      what: 'a full verification unmarks a dead process whose request is on its way',
      rules: { unmarks: 'a process known to be dead' },
      breaks: 'P1 equal, or noted',
      steps: 10,
    },
    {
      what: 'a full verification unmarks a process that may wake',
      rules: { unmarks: 'any' },
      breaks: 'P1 equal, or noted',
      steps: 9,
    },
  ],
});
