import assert from 'node:assert/strict';
import { CrossfadeError, type ErrorCode } from '../../core/errors.ts';
import type { Control, Ledger, Stepped, StepRequest } from '../contract.ts';
import { kindOf } from '../steps.ts';
import { nextTo, type StateName } from '../states.ts';

/** Whatever runs tests: vitest's `test`, node:test's, any with this shape. */
export type Test = (name: string, run: () => Promise<void>) => void;

/** Where ledgers are, for all cases: each case works with groups and instances of its own. */
export interface Place {
  /** The ledger, always the same. */
  readonly ledger: Ledger;
  /** Another one of the same rows, as another process has it. */
  readonly other: Ledger;
  /** Lets so much time pass by the ledger's clock, or a little more. */
  readonly pass: (ms: number) => Promise<void>;
}

/** A group of one case. */
export interface Group extends Place {
  readonly group: string;
  /** A name that no other case has. */
  readonly named: (name: string) => string;
  readonly row: () => Promise<Control>;
  /** Steps from where the row is, by the operator, with a long budget where there is to be one. */
  readonly to: (to: StateName, more?: Partial<StepRequest>) => Promise<Stepped>;
  /** Begins, and steps forward until the row is in that state. */
  readonly reach: (state: StateName) => Promise<Control>;
}

/** What a part of the suite works with. */
export interface Suite {
  readonly it: (name: string, run: (group: Group) => Promise<void>) => void;
}

/** Longer than any test. */
export const longMs = 3_600_000;
/** Over when it has passed. */
export const shortMs = 1;

/** Whoever steps unless a case says otherwise. */
export const operator = { actor: 'operator 1', commit: 'c0ffee' } as const;
/** Somebody else. */
export const stranger = { actor: 'instance 7', commit: 'c0ffee' } as const;
/** The mapping of every group, and another one. */
export const mapping = { own: 'mapping one', other: 'mapping two' } as const;

/** The ways forward to a state, shortest first. */
const ways: Readonly<Record<StateName, readonly StateName[]>> = waysFrom('legacy');

function waysFrom(first: StateName): Record<StateName, StateName[]> {
  const found: Partial<Record<StateName, StateName[]>> = { [first]: [] };
  const open: StateName[] = [first];
  for (const name of open)
    for (const next of nextTo(name)) {
      if (found[next] !== undefined) continue;
      found[next] = [...(found[name] as StateName[]), next];
      open.push(next);
    }
  return found as Record<StateName, StateName[]>;
}

/** Ties a runner of tests to a place. */
export function suiteOf(test: Test, place: () => Place): Suite {
  let groups = 0;
  return {
    it: (name, run) =>
      test(name, async () => {
        groups++;
        const group = `group ${groups}`;
        await run(groupOf(group, place(), (each) => `${each} of ${group}`));
      }),
  };
}

function groupOf(group: string, place: Place, named: (name: string) => string): Group {
  const { ledger } = place;
  const row = async (): Promise<Control> => {
    const found = await ledger.control(group);
    assert.ok(found !== null, 'the group has been begun');
    return found;
  };
  const to = async (next: StateName, more: Partial<StepRequest> = {}): Promise<Stepped> => {
    const from = await row();
    const budget = kindOf(from.state, next) === 'freeze' ? { budgetMs: longMs } : {};
    return ledger.step(group, { from, to: next, ...operator, ...budget, ...more });
  };
  const reach = async (state: StateName): Promise<Control> => {
    await ledger.begin(group, mapping.own, operator);
    for (const next of ways[state]) assert.equal((await to(next)).outcome, 'done');
    return row();
  };
  return { ...place, group, named, row, to, reach };
}

/** The call is refused by this code; what it throws. */
export async function refused(code: ErrorCode, call: Promise<unknown>): Promise<CrossfadeError> {
  const error = await call.then(
    () => assert.fail(`nothing was refused, and ${code} was expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CrossfadeError, `another error than a CrossfadeError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** The call is a defect of the caller. */
export async function defective(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, TypeError);
}
