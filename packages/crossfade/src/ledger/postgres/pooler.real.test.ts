import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { type Pooler, startPooler } from '../../../test/support/pooler.ts';
import { connect, disconnect, isPooled } from '../../pg/connect.ts';
import type { Ledger } from '../contract.ts';
import { ledgerSuite } from '../suite/suite.ts';
import { openLedger } from './open.ts';

let target: TestDatabase;
let pooler: Pooler;
let ledger: Ledger;
let other: Ledger;
beforeAll(async () => {
  target = await freshDatabase();
  for (const setting of ["timezone = 'Asia/Kolkata'", "DateStyle = 'SQL, DMY'", "search_path = 'nowhere'"])
    await target.query(`ALTER DATABASE ${target.database} SET ${setting}`);
  // Fewer sessions than connections: statements of one connection run in the sessions of all.
  pooler = await startPooler(target, 3);
  [ledger, other] = await Promise.all([openLedger({ target: pooler.target }), openLedger({ target: pooler.target })]);
});
afterAll(async () => {
  await Promise.all([ledger.close(), other.close()]);
  await pooler.stop();
  await target.drop();
});

test('a pooler stands between', async () => {
  const client = await connect(pooler.target);
  expect(isPooled(client)).toBe(true);
  await disconnect(client);
});

ledgerSuite(test, () => ({ ledger, other, pass: (ms) => sleep(ms + 5) }));
