import { type Exploration, explore, type Model, type Promises } from './explorer.ts';

/** A part of the protocol with its rules as a record, so that each rule can be broken by itself. */
interface Definition<Rules, Bounds, State extends object> {
  readonly name: string;
  readonly sound: Rules;
  model(rules: Rules, bounds: Bounds): Model<State>;
  /** For `npm test`: a few seconds. */
  readonly bounds: Bounds & { readonly statesMax: number };
  /** For `npm run test:real`. */
  readonly wider: Bounds & { readonly statesMax: number };
  readonly planted: readonly Planted<Rules>[];
}

/** A protocol that somebody may think of, and the promise that it breaks. */
interface Planted<Rules> {
  /** Begins with the name of the counterexample, where it has one. */
  readonly what: string;
  readonly rules: Partial<Rules>;
  readonly breaks: string;
  /** Of a shortest way to it. Other promises may be broken on that way; the harm is what is looked for. */
  readonly steps: number;
  /** A promise that holds all the same, in every state. */
  readonly keeps?: string;
}

export interface Subject {
  readonly name: string;
  explore(size: 'bounds' | 'wider'): Exploration;
  readonly planted: readonly (Omit<Planted<never>, 'rules'> & { explore(promise: string): Exploration })[];
}

export function subject<Rules, Bounds, State extends object>(definition: Definition<Rules, Bounds, State>): Subject {
  const { name, sound, model, bounds, planted } = definition;
  return {
    name,
    explore: (size) => explore(model(sound, definition[size]), definition[size].statesMax),
    planted: planted.map(({ rules, ...rest }) => ({
      ...rest,
      explore: (promise) => explore(promising(model({ ...sound, ...rules }, bounds), promise), bounds.statesMax),
    })),
  };
}

/** The model with that promise alone. */
function promising<State extends object>(model: Model<State>, promise: string): Model<State> {
  const only = (promises: Promises<State> = {}): Promises<State> =>
    Object.fromEntries(Object.entries(promises).filter(([name]) => name === promise));
  return { ...model, invariants: only(model.invariants), atRest: only(model.atRest) };
}
