import { describe, expect, test } from 'vitest';
import { nextTo, type State, type StateName, stateNames, states } from './states.ts';

const steps = stateNames.flatMap((from) => nextTo(from).map((to): [StateName, StateName] => [from, to]));

/** What has to hold between an instance that is told already and one that is not. */
const rules: Readonly<Record<string, (a: State, b: State) => boolean>> = {
  'nobody else leads while somebody writes': (a, b) => a.leader === null || b.leader === null || a.leader === b.leader,
  'reads differ only while nobody writes': (a, b) =>
    a.reads === b.reads || (a.writes === 'none' && b.writes === 'none'),
  'the number changes by one': (a, b) => Math.abs(a.number - b.number) === 1,
  'the lead ends only behind leases, or in the store itself': (a, b) =>
    ![a, b].some(({ leader }) => leader === null) ||
    ![a, b].some(({ leader, writes }) => leader === 'source' && writes === 'open'),
};

describe.each(Object.entries(rules))('%s', (_, holds) => {
  test.each(steps)('between %s and %s', (from, to) => {
    expect(holds(states[from], states[to])).toBe(true);
  });
});

test('each rule fails for two states that no step joins, so none of them is empty', () => {
  const everyPair = stateNames.flatMap((a) => stateNames.map((b): [State, State] => [states[a], states[b]]));
  for (const [name, holds] of Object.entries(rules))
    expect(
      everyPair.some(([a, b]) => !holds(a, b)),
      name,
    ).toBe(true);
});

test.each(stateNames)('%s: who leads is captured, but where there is no other store to be kept in step', (name) => {
  const { leader, captured } = states[name];
  if (name === 'legacy' || name === 'final') expect(captured).toBeNull();
  else expect([captured, null]).toContain(leader);
});

test('every state but the last is left forward, and every state on the way is reached from the first', () => {
  const reached = new Set<StateName>(['legacy']);
  for (const name of reached) for (const next of nextTo(name)) reached.add(next);
  expect(reached).toEqual(new Set(stateNames));
  expect(stateNames.filter((name) => states[name].forward === null)).toEqual(['final']);
});

test('from every state but the last there is a way back to the first', () => {
  for (const name of stateNames.filter((each) => each !== 'final')) {
    let at: StateName | null = name;
    for (let left = stateNames.length; at !== 'legacy' && at !== null && left > 0; left--) at = states[at].back;
    expect(at, name).toBe('legacy');
  }
});

test('the last is reached from one state alone: what an operator confirms there is the end of rollback', () => {
  expect(steps.filter(([, to]) => to === 'final')).toEqual([['primary', 'final']]);
});
