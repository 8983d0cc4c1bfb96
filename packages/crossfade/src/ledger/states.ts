import type { Side } from '../schema/mapping/mapping.ts';

/** What a user sees of a crossing. */
export type Phase = 'legacy' | 'dual-write' | 'shadow-read' | 'cutover' | 'rollback' | 'postgres-primary' | 'postgres';

/** A row of the table of states. */
export interface State {
  /** How far the crossing is; on the way back a state has the number of the one that it mirrors. */
  readonly number: number;
  readonly phase: Phase;
  /** Whose records are the truth; nobody's may change where it is null. */
  readonly leader: Side | null;
  /** `leased`: only by an instance whose lease has not ended. `none`: they wait, and are then refused as retryable. */
  readonly writes: 'open' | 'leased' | 'none';
  readonly reads: Side;
  /** Reads are compared with those of the other store, off their path. */
  readonly isCompared: boolean;
  /** Where writes are captured, so that the other store is kept in step; null: nowhere. */
  readonly captured: Side | null;
  /** What an operator's `advance` leads to, and what a rollback or an abort does. */
  readonly forward: StateName | null;
  readonly back: StateName | null;
}

/** Every name of a state. */
export const stateNames = [
  'legacy',
  'dual',
  'shadow',
  'armed',
  'frozen',
  'switched',
  'primary',
  'back-switched',
  'back-frozen',
  'final',
] as const;
export type StateName = (typeof stateNames)[number];

const atSource = { leader: 'source', reads: 'source', captured: 'source', writes: 'open', isCompared: false } as const;
const atNobody = { leader: null, writes: 'none', isCompared: false } as const;
const atTarget = { leader: 'target', reads: 'target', captured: 'target', writes: 'open', isCompared: false } as const;

/**
 * The live protocol as a table: one row a state, which the store of two stores, the commands, the tests and the reference
 * read. Two instances are at the same time only in states that one step parts, and each pair of those is harmless: they
 * write to one and the same leader, or one of them does not write; they read one and the same store, or two that nobody
 * writes to.
 *
 * The lead changes in two steps: first nobody has it, and reads change over while nobody has it. A rollback goes the same
 * way by states of its own, because what ends them is another thing.
 */
export const states: Readonly<Record<StateName, State>> = {
  legacy: { number: 0, phase: 'legacy', ...atSource, captured: null, forward: 'dual', back: null },
  dual: { number: 1, phase: 'dual-write', ...atSource, forward: 'shadow', back: 'legacy' },
  shadow: { number: 2, phase: 'shadow-read', ...atSource, isCompared: true, forward: 'armed', back: 'dual' },
  armed: { number: 3, phase: 'cutover', ...atSource, writes: 'leased', forward: 'frozen', back: 'shadow' },
  frozen: {
    number: 4,
    phase: 'cutover',
    ...atNobody,
    reads: 'source',
    captured: 'source',
    forward: 'switched',
    back: 'armed',
  },
  switched: {
    number: 5,
    phase: 'cutover',
    ...atNobody,
    reads: 'target',
    captured: 'source',
    forward: 'primary',
    back: 'frozen',
  },
  primary: { number: 6, phase: 'postgres-primary', ...atTarget, forward: 'final', back: 'back-switched' },
  'back-switched': {
    number: 5,
    phase: 'rollback',
    ...atNobody,
    reads: 'target',
    captured: 'target',
    forward: 'primary',
    back: 'back-frozen',
  },
  'back-frozen': {
    number: 4,
    phase: 'rollback',
    ...atNobody,
    reads: 'source',
    captured: 'target',
    forward: 'back-switched',
    back: 'armed',
  },
  final: { number: 7, phase: 'postgres', ...atTarget, captured: null, forward: null, back: null },
};

/** The states that one step leads to, forward first. */
export function nextTo(name: StateName): StateName[] {
  const { forward, back } = states[name];
  return [forward, back].filter((next) => next !== null);
}
