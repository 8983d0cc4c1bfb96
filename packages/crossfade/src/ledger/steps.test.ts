import { describe, expect, test } from 'vitest';
import { breakBetween, Continuity } from './continuity.ts';
import { Lease } from './lease.ts';
import { nextTo, stateNames } from './states.ts';
import { kindOf } from './steps.ts';

test('what each step is to the lead', () => {
  const steps = stateNames.flatMap((from) => nextTo(from).map((to) => `${from} ${kindOf(from, to)} ${to}`));
  expect(steps.filter((step) => !step.includes(' plain '))).toEqual([
    'armed freeze frozen',
    'frozen inward switched',
    'frozen abort armed',
    'switched commit primary',
    'switched abort frozen',
    'primary freeze back-switched',
    'back-switched abort primary',
    'back-switched inward back-frozen',
    'back-frozen abort back-switched',
    'back-frozen commit armed',
  ]);
  expect(() => kindOf('legacy', 'primary')).toThrow(TypeError);
});

describe('a lease', () => {
  let now = 0;
  const lease = () => {
    now = 1_000;
    return new Lease({ ttlMs: 100, marginMs: 20, nowMs: () => now });
  };

  test('counts from when its renewal was sent, and ends before that of the ledger', () => {
    const own = lease();
    expect(own.isValid).toBe(false);
    const sentMs = own.nowMs();
    now += 30;
    own.renewed(sentMs);
    expect(own.leftMs).toBe(50);
    now += 49;
    expect(own.isValid).toBe(true);
    now += 1;
    expect(own.isValid).toBe(false);
  });

  test('does not begin with an answer that came too late', () => {
    const own = lease();
    const sentMs = own.nowMs();
    now += 80;
    own.renewed(sentMs);
    expect(own.isValid).toBe(false);
  });

  test('is not shortened by an answer that was overtaken', () => {
    const own = lease();
    own.renewed(1_000);
    own.renewed(990);
    expect(own.leftMs).toBe(80);
  });

  test('ends at once when the ledger or the instance says so', () => {
    const own = lease();
    own.renewed(1_000);
    own.end();
    expect(own.isValid).toBe(false);
  });

  test('has a margin within it, and no renewal out of the future', () => {
    for (const marginMs of [0, 100, -1, Number.NaN])
      expect(() => new Lease({ ttlMs: 100, marginMs })).toThrow(TypeError);
    expect(() => lease().renewed(1_001)).toThrow(TypeError);
    expect(() => lease().renewed(Number.NaN)).toThrow(TypeError);
  });

  test('takes the monotonic clock of the process by itself', () => {
    const own = new Lease({ ttlMs: 3_600_000, marginMs: 1 });
    own.renewed(own.nowMs());
    expect(own.isValid).toBe(true);
    expect(own.leftMs).toBeLessThan(3_600_000);
  });
});

describe('what follows in the ledger', () => {
  const server = { systemIdentifier: '7', timeline: 1 };
  const at = (epoch: bigint, other: Partial<typeof server> = {}) => ({ epoch, server: { ...server, ...other } });

  test.each([
    [at(3n), null],
    [at(4n), null],
    [at(2n), 'epoch went back'],
    [at(4n, { timeline: 2 }), 'another timeline'],
    [at(4n, { timeline: 0 }), 'another timeline'],
    [at(4n, { systemIdentifier: '8', timeline: 2 }), 'another system'],
  ] as const)('%o after epoch 3: %s', (answer, expected) => {
    expect(breakBetween(at(3n), answer)).toBe(expected);
    const seen = new Continuity(at(3n));
    expect(seen.see(answer)).toBe(expected);
    expect(seen.position).toEqual(expected === null ? answer : at(3n));
  });

  test('the first answer follows, and behind a break none does until one is accepted', () => {
    const seen = new Continuity();
    expect(seen.position).toBeNull();
    expect(seen.see(at(3n))).toBeNull();
    expect(seen.see(at(2n))).toBe('epoch went back');
    expect(seen.see(at(9n))).toBe('epoch went back');
    seen.accept(at(9n));
    expect(seen.see(at(9n))).toBeNull();
    expect(seen.see(at(10n))).toBeNull();
    expect(seen.position).toEqual(at(10n));
  });
});
