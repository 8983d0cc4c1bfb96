import { type Place, suiteOf, type Test } from './check.ts';
import { atomicCases } from './atomic.cases.ts';
import { bulkCases } from './bulk.cases.ts';
import { captureCases } from './capture.cases.ts';
import { conditionCases } from './condition.cases.ts';
import { constraintCases } from './constraint.cases.ts';
import { counterCases } from './counters.cases.ts';
import { fenceCases } from './fence.cases.ts';
import { followCases } from './follow.cases.ts';
import { inputCases } from './input.cases.ts';
import { journalCases } from './journal.cases.ts';
import { lifecycleCases } from './lifecycle.cases.ts';
import { liveLifeCases } from './live-life.cases.ts';
import { liveRandomCases } from './live-random.cases.ts';
import { loadCases } from './load.cases.ts';
import { mirrorCases } from './mirror.cases.ts';
import { pageCases } from './page.cases.ts';
import { randomCases } from './random.cases.ts';
import { orderCases } from './order.cases.ts';
import { snapshotCases } from './snapshot.cases.ts';
import { unitCases } from './unit.cases.ts';
import { updateCases } from './update.cases.ts';
import { valueCases } from './values.cases.ts';
import { writeCases } from './write.cases.ts';

export type { Place, Test } from './check.ts';
export { suiteSchema } from './schema.ts';

const parts = [
  valueCases,
  inputCases,
  writeCases,
  atomicCases,
  constraintCases,
  orderCases,
  pageCases,
  conditionCases,
  updateCases,
  lifecycleCases,
  randomCases,
  captureCases,
  journalCases,
  fenceCases,
  mirrorCases,
  unitCases,
  bulkCases,
  loadCases,
  followCases,
  snapshotCases,
  counterCases,
  liveLifeCases,
  liveRandomCases,
];

/**
 * The definition of a store, as tests. A driver that passes is right, and no option excuses it: what it does not
 * declare in `supports` has to be refused by E_UNSUPPORTED.
 *
 * ```ts
 * storeSuite(test, async () => ({ driver: () => myDriver({ folder }), remove: () => rm(folder) }));
 * ```
 *
 * @param test vitest's or node:test's `test`, or any other of its shape
 * @param make an empty place for the records of one case
 */
export function storeSuite(test: Test, make: () => Promise<Place>): void {
  const suite = suiteOf(test, make);
  for (const part of parts) part(suite);
}
