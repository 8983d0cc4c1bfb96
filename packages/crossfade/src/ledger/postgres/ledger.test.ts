import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import type { Ledger } from '../contract.ts';
import { ledgerSuite } from '../suite/suite.ts';
import { openLedger } from './open.ts';

let target: TestDatabase;
let ledger: Ledger;
let other: Ledger;
beforeAll(async () => {
  target = await freshDatabase();
  // At once, as the instances of a release that is being deployed do.
  [ledger, other] = await Promise.all([openLedger({ target }), openLedger({ target })]);
});
afterAll(async () => {
  await Promise.all([ledger.close(), other.close()]);
  await target.drop();
});

ledgerSuite(test, () => ({
  ledger,
  other,
  // By the clock of the server, which measures on its own: hence a little more.
  pass: (ms) => sleep(ms + 5),
}));
