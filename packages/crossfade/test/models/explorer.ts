/**
 * A protocol as a table of actions and tables of promises. States are plain data: objects that all have the same fields
 * in the same order, arrays, numbers, booleans and texts.
 */
export interface Model<S extends object> {
  readonly initial: readonly S[];
  /** What can happen, in any order. Each has one outcome: what may go two ways is two actions. */
  readonly actions: readonly Action<S>[];
  /** Hold in every state. */
  readonly invariants: Promises<S>;
  /** Hold in every state in which nothing can happen any more. */
  readonly atRest?: Promises<S>;
  /** Each is reached: else the invariants hold because too little happens. */
  readonly sometimes: Promises<S>;
  /** Lists of parts that do the same, so that it does not matter which is which: no other part names them by their place. */
  readonly exchangeable?: readonly (keyof S & string)[];
}

export interface Action<S> {
  readonly name: string;
  /** Changes nothing. */
  guard(state: S): boolean;
  /** Changes the copy that it is given, and nothing else. */
  effect(state: S): void;
}

export type Promises<S> = Readonly<Record<string, (state: S) => boolean>>;

export interface Exploration {
  readonly states: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** The promise that does not hold. */
  readonly broken: string | null;
  /** A shortest way there: the names of its actions, and the same for people, with what each has changed. */
  readonly steps: readonly string[];
  readonly trace: string;
  /** Of `sometimes`, what was reached nowhere. */
  readonly missed: readonly string[];
}

/** How a state was reached. The state itself is not kept: it is made again from the first one. */
interface Way<S> {
  readonly action: Action<S> | null;
  readonly before: Way<S> | null;
  readonly first: S;
}

interface Found<S> {
  readonly state: S;
  readonly way: Way<S>;
}

/**
 * Every state that can be reached, breadth first, so that a promise which does not hold is found by a shortest way. Stops
 * at the first one.
 *
 * @throws RangeError at more than `statesMax`: a model that was not explored to its end has shown nothing
 */
export function explore<S extends object>(model: Model<S>, statesMax: number): Exploration {
  const seen = new Set<string>();
  const missed = new Map(Object.entries(model.sometimes));
  let ring: Found<S>[] = [];
  let next: Found<S>[] = [];
  let depth = 0;
  const ended = (broken: string | null, way: Way<S> | null): Exploration => ({
    states: seen.size,
    depth,
    broken,
    missed: [...missed.keys()],
    ...(way === null ? { steps: [], trace: '' } : told(way)),
  });
  const enter = (found: Found<S>): string | null => {
    const code = codeOf(found.state, model.exchangeable ?? []);
    if (seen.has(code)) return null;
    if (seen.size === statesMax)
      throw new RangeError(`more than ${statesMax} states: raise the bound or shrink the model`);
    seen.add(code);
    next.push(found);
    for (const [name, reached] of missed) if (reached(found.state)) missed.delete(name);
    return brokenIn(model.invariants, found.state);
  };
  for (const first of model.initial) {
    const way = { action: null, before: null, first };
    const broken = enter({ state: first, way });
    if (broken !== null) return ended(broken, way);
  }
  for (; next.length > 0; depth += 1) {
    [ring, next] = [next, []];
    for (const { state, way } of ring) {
      const enabled = model.actions.filter((action) => action.guard(state));
      const stuck = enabled.length === 0 ? brokenIn(model.atRest ?? {}, state) : null;
      if (stuck !== null) return ended(stuck, way);
      for (const action of enabled) {
        const after = { state: done(action, state), way: { action, before: way, first: way.first } };
        const broken = enter(after);
        if (broken !== null) return ended(broken, after.way);
      }
    }
  }
  return ended(null, null);
}

function done<S>(action: Action<S>, state: S): S {
  const after = copy(state);
  action.effect(after);
  return after;
}

function brokenIn<S>(promises: Promises<S>, state: S): string | null {
  return Object.keys(promises).find((name) => !promises[name]?.(state)) ?? null;
}

/** The values alone, as all states have the same fields; each state that differs by an exchange has the same code. */
function codeOf(state: object, exchangeable: readonly string[]): string {
  let code = '';
  for (const [name, value] of Object.entries(state) as [string, unknown][]) {
    const parts = Array.isArray(value) && exchangeable.includes(name) ? value.map(encode).sort() : value;
    code += `${encode(parts)},`;
  }
  return code;
}

/** A list says where it ends, since it may grow. */
function encode(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const each of value) text += `${encode(each)},`;
    return `[${text}]`;
  }
  for (const name in value) text += `${encode(value[name as keyof typeof value])},`;
  return text;
}

/** Of plain data; several times as fast as structuredClone. */
function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  const copied = { ...value };
  for (const name in copied) if (typeof copied[name] === 'object') copied[name] = copy(copied[name]);
  return copied;
}

function told<S>(last: Way<S>): Pick<Exploration, 'steps' | 'trace'> {
  const actions: Action<S>[] = [];
  for (let way: Way<S> | null = last; way?.action; way = way.before) actions.unshift(way.action);
  const lines = [line(0, 'begins', changes('', undefined, last.first))];
  let state = last.first;
  for (const [index, action] of actions.entries()) {
    const after = done(action, state);
    lines.push(line(index + 1, action.name, changes('', state, after)));
    state = after;
  }
  return { steps: actions.map(({ name }) => name), trace: lines.join('\n') };
}

function line(index: number, step: string, changed: readonly string[]): string {
  return `${String(index).padStart(3)}  ${step.padEnd(44)}  ${changed.join('  ')}`.trimEnd();
}

/** Field by field: `source.row 1 > 2`. */
function changes(path: string, before: unknown, after: unknown): string[] {
  const isList = Array.isArray(after) && after.every((each) => typeof each !== 'object');
  if (typeof after === 'object' && after !== null && !isList) {
    const own = (before ?? {}) as Record<string, unknown>;
    return Object.entries(after).flatMap(([name, each]) =>
      changes(path === '' ? name : `${path}.${name}`, own[name], each),
    );
  }
  const [from, to] = [JSON.stringify(before), JSON.stringify(after)];
  if (from === to) return [];
  return [before === undefined ? `${path} ${to}` : `${path} ${from} > ${to}`];
}
