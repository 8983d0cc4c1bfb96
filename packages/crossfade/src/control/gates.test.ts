import { expect, test } from 'vitest';
import type { Instance, Members } from '../ledger/contract.ts';
import type { Findings } from '../ledger/keeping.ts';
import { nextTo, type StateName, stateNames, states } from '../ledger/states.ts';
import { closedGates, type GateName, readGates } from './gates.ts';

const epoch = 7n;
const server = { systemIdentifier: '1', timeline: 1 };
const instance: Instance = {
  id: 'i1',
  ackedEpoch: epoch,
  ackedState: 'shadow',
  leaseLeftMs: 1_000,
  mappingHash: 'm',
  isUnclean: false,
};
const findings: Findings = {
  epoch,
  isDone: true,
  isCopied: true,
  copied: 9,
  owed: 0,
  quarantined: 0,
  cleanPasses: 2,
  compared: 0,
  incidents: 0,
  trouble: null,
  resume: null,
};

/** A group of which every gate is open, but for what is said otherwise. */
function group(
  state: StateName,
  { of = {}, found = {}, leaseLeftMs = 1_000, isRollbackReady = true }: Changes = {},
): Members {
  const control = {
    group: 'g',
    state,
    epoch,
    mappingHash: 'm',
    coordinator: null,
    frozenLeftMs: null,
    verification: null,
    isRollbackReady,
    steppedOn: server,
    server,
  };
  return {
    control,
    instances: [{ ...instance, ackedState: state, ...of }],
    keeping: { keeper: 'k1', leaseLeftMs, findings: found === null ? null : { ...findings, ...found } },
  };
}

interface Changes {
  readonly of?: Partial<Instance>;
  readonly found?: Partial<Findings> | null;
  readonly leaseLeftMs?: number;
  readonly isRollbackReady?: boolean;
}

const late = { ackedEpoch: epoch - 1n, leaseLeftMs: 1_000 };
const gone = { ackedEpoch: epoch - 1n, leaseLeftMs: -1 };

/** What is wrong, the gate that closes by it, what it says, and the steps that have the gate. */
const cases: readonly (readonly [string, Changes, GateName, RegExp, readonly string[]])[] = [
  [
    'an instance acts by an earlier state',
    { of: late },
    'met',
    /i1 still act/,
    ['dual>', 'shadow>', 'armed>', 'primary>', '<dual', '<shadow', '<primary'],
  ],
  [
    'an instance was not heard of',
    { of: gone },
    'met',
    /i1 have not been heard of/,
    ['dual>', 'shadow>', 'armed>', 'primary>', '<dual', '<shadow', '<primary'],
  ],
  [
    'an instance has not heard of the freeze',
    { of: late },
    'acked',
    /i1 still act/,
    ['frozen>', 'switched>', '<back-switched', '<back-frozen'],
  ],
  [
    'nobody keeps',
    { leaseLeftMs: 0 },
    'keeper',
    /no process keeps/,
    [
      'legacy>',
      'dual>',
      'shadow>',
      'armed>',
      'frozen>',
      'switched>',
      'primary>',
      '<primary',
      '<back-switched',
      '<back-frozen',
    ],
  ],
  [
    'the keeper fails',
    { found: { trouble: 'E_TARGET_FULL' } },
    'keeper',
    /held up by E_TARGET_FULL/,
    [
      'legacy>',
      'dual>',
      'shadow>',
      'armed>',
      'frozen>',
      'switched>',
      'primary>',
      '<primary',
      '<back-switched',
      '<back-frozen',
    ],
  ],
  [
    'the keeper is not done',
    { found: { isDone: false } },
    'done',
    /not done all/,
    ['legacy>', 'dual>', 'armed>', 'frozen>', 'switched>', '<primary', '<back-switched', '<back-frozen'],
  ],
  [
    'what was found is about an earlier state',
    { found: { epoch: epoch - 1n } },
    'done',
    /not yet said anything/,
    ['legacy>', 'dual>', 'armed>', 'frozen>', 'switched>', '<primary', '<back-switched', '<back-frozen'],
  ],
  [
    'nothing was found yet',
    { found: null },
    'copied',
    /not yet said anything/,
    ['dual>', 'shadow>', 'armed>', '<primary'],
  ],
  [
    'not everything is copied',
    { found: { isCopied: false } },
    'copied',
    /not everything is copied \(9/,
    ['dual>', 'shadow>', 'armed>', '<primary'],
  ],
  [
    'a unit is in quarantine',
    { found: { quarantined: 1 } },
    'quarantine',
    /1 units are in quarantine/,
    ['dual>', 'shadow>', 'armed>', '<primary'],
  ],
  ['much is owed', { found: { owed: 501 } }, 'owed', /501 entries.*500 may be/, ['shadow>', 'armed>', '<primary']],
  [
    'one comparison was clean',
    { found: { cleanPasses: 1 } },
    'verified',
    /1 of 2 comparisons/,
    ['shadow>', '<primary'],
  ],
  ['an instance went without signing off', { of: { isUnclean: true } }, 'clean', /i1 went without/, ['shadow>']],
  ['the old store lacks something', { isRollbackReady: false }, 'ready', /does not hold everything/, ['<primary']],
];

/** `dual>` is the step forward from `dual`, `<dual` the one back. */
const steps = stateNames.flatMap((state) => [
  ...(states[state].forward === null ? [] : [[`${state}>`, state, 'forward'] as const]),
  ...(states[state].back === null ? [] : [[`<${state}`, state, 'back'] as const]),
]);

test('where nothing is wrong every step is open', () => {
  for (const [, state, direction] of steps) expect(closedGates(group(state), direction)).toEqual([]);
});

test.each(cases)('where %s, the steps that ask for it are closed, and no others', (_, changes, gate, why, closed) => {
  const found = steps.filter(([, state, direction]) =>
    closedGates(group(state, changes), direction).some((each) => each.gate === gate && why.test(each.why ?? '')),
  );
  expect(found.map(([name]) => name).sort()).toEqual([...closed].sort());
});

test('every step has a gate, but for the one that begins with nobody', () => {
  const bare = steps.filter(([, state, direction]) => readGates(group(state), direction).length === 0);
  expect(bare).toEqual([]);
});

test('out of a freeze nobody is waited for but those who act by a state too far from where it leads', () => {
  const ways = ['frozen', 'switched', 'back-switched', 'back-frozen'] as const;
  for (const state of ways) {
    const direction = states[state].phase === 'cutover' ? 'back' : 'forward';
    const to = states[state][direction] as StateName;
    const isClosed = (ackedState: StateName, leaseLeftMs = 1_000) =>
      closedGates(group(state, { of: { ackedEpoch: epoch - 1n, ackedState, leaseLeftMs } }), direction).length > 0;
    const near = [to, ...nextTo(to)];
    expect(stateNames.filter((each) => !isClosed(each)).sort()).toEqual([...near].sort());
    expect(stateNames.some((each) => isClosed(each, 0))).toBe(false);
  }
});

test('of many instances three are named', () => {
  const members = group('dual', { of: late });
  const instances = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...members.instances[0], id }));
  expect(closedGates({ ...members, instances }, 'forward')[0].why).toBe(
    'a, b, c and 2 more instances still act by an earlier state',
  );
});
