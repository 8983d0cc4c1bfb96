import { describe, expect, test } from 'vitest';
import { explore, type Model } from './explorer.ts';

/** Two jars of 3 and 5 litres, a tap and a drain: four litres are to be measured. */
interface Jars {
  small: number;
  large: number;
}

const pour = (from: keyof Jars, to: keyof Jars, size: number) => ({
  name: `${from} into ${to}`,
  guard: (jars: Jars) => jars[from] > 0 && jars[to] < size,
  effect: (jars: Jars) => {
    const poured = Math.min(jars[from], size - jars[to]);
    jars[from] -= poured;
    jars[to] += poured;
  },
});

const set = (name: string, jar: keyof Jars, to: number) => ({
  name,
  guard: (jars: Jars) => jars[jar] !== to,
  effect: (jars: Jars) => {
    jars[jar] = to;
  },
});

const jars: Model<Jars> = {
  initial: [{ small: 0, large: 0 }],
  actions: [
    set('fill small', 'small', 3),
    set('fill large', 'large', 5),
    set('empty small', 'small', 0),
    set('empty large', 'large', 0),
    pour('small', 'large', 5),
    pour('large', 'small', 3),
  ],
  invariants: { 'nothing overflows': ({ small, large }) => small <= 3 && large <= 5 },
  sometimes: { 'both are full': ({ small, large }) => small === 3 && large === 5 },
};

describe('a model is explored to its end', () => {
  test('every state is counted once', () => {
    expect(explore(jars, 100)).toMatchObject({ states: 16, broken: null, steps: [], missed: [] });
  });

  test('and what is broken is found by a shortest way, told step by step', () => {
    const found = explore({ ...jars, invariants: { 'never four litres': ({ large }) => large !== 4 } }, 100);
    expect(found.broken).toBe('never four litres');
    expect(found.steps).toEqual([
      'fill large',
      'large into small',
      'empty small',
      'large into small',
      'fill large',
      'large into small',
    ]);
    expect(found.trace.split('\n')).toHaveLength(7);
    expect(found.trace).toMatch(/^ {2}6 {2}large into small +small 2 > 3 {2}large 5 > 4$/m);
  });

  test('what is broken from the first has no steps', () => {
    const found = explore({ ...jars, invariants: { 'never empty': ({ large }) => large > 0 } }, 100);
    expect([found.broken, found.steps]).toEqual(['never empty', []]);
  });

  test('what was to be reached and was not is named', () => {
    const sometimes = { ...jars.sometimes, 'half a litre': ({ small }: Jars) => small === 0.5 };
    expect(explore({ ...jars, sometimes }, 100).missed).toEqual(['half a litre']);
  });

  test('one state more than the bound is an error', () => {
    expect(explore(jars, 16).states).toBe(16);
    expect(() => explore(jars, 15)).toThrow(RangeError);
  });

  test('where nothing can happen any more, what holds at rest is asked', () => {
    const filling = { ...jars, actions: [set('fill large', 'large', 5)], sometimes: {} };
    expect(explore({ ...filling, atRest: { full: ({ large }) => large === 5 } }, 100).broken).toBeNull();
    expect(explore({ ...filling, atRest: { empty: ({ large }) => large === 0 } }, 100)).toMatchObject({
      broken: 'empty',
      steps: ['fill large'],
    });
  });

  test('parts that may be exchanged are not told apart', () => {
    const coins: Model<{ coins: { up: boolean }[] }> = {
      initial: [{ coins: [{ up: false }, { up: false }, { up: false }] }],
      actions: [0, 1, 2].map((index) => ({
        name: `turn ${index}`,
        guard: () => true,
        effect: (state) => {
          const coin = state.coins[index];
          coin.up = !coin.up;
        },
      })),
      invariants: {},
      sometimes: {},
    };
    expect(explore(coins, 100).states).toBe(8);
    expect(explore({ ...coins, exchangeable: ['coins'] }, 100).states).toBe(4);
  });
});
