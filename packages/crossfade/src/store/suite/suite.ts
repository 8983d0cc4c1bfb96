import { type Place, suiteOf, type Test } from './check.ts';
import { lifecycleCases } from './lifecycle.cases.ts';
import { randomCases } from './random.cases.ts';
import { scanCases } from './scan.cases.ts';
import { updateCases } from './update.cases.ts';
import { valueCases } from './values.cases.ts';
import { writeCases } from './write.cases.ts';

export type { Place, Test } from './check.ts';
export { suiteSchema } from './schema.ts';

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
  for (const part of [valueCases, writeCases, scanCases, updateCases, lifecycleCases, randomCases]) part(suite);
}
