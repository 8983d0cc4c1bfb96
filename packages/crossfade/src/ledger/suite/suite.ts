import { beginCases } from './begin.cases.ts';
import { type Place, suiteOf, type Test } from './check.ts';
import { freezeCases } from './freeze.cases.ts';
import { instanceCases } from './instance.cases.ts';
import { keeperCases } from './keeper.cases.ts';
import { stepCases } from './step.cases.ts';

export type { Place, Test } from './check.ts';

const parts = [beginCases, stepCases, freezeCases, instanceCases, keeperCases];

/**
 * The definition of a control ledger, as tests: whatever passes is one. One place carries all cases.
 *
 * @param test vitest's or node:test's `test`, or any other of its shape
 * @param place asked for within each case
 */
export function ledgerSuite(test: Test, place: () => Place): void {
  const suite = suiteOf(test, place);
  for (const part of parts) part(suite);
}
