import { expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/harness/postgres.ts';
import { postgresStore } from '../../../../test/support/postgres-store.ts';
import { person } from '../../../store/suite/people.ts';
import { suiteSchema } from '../../../store/suite/schema.ts';

test('of two calls at once that make a record in two units, one is refused', async () => {
  const target = await freshDatabase();
  const open = async () => (await postgresStore({ target, schema: 'units' }, suiteSchema)).driver;
  const drivers = [await open(), await open()];
  await drivers[0].mirror.begin(1n);
  const made = (i: number, age: number, id: string, version: bigint) => {
    const part = { collection: 'people', by: ['age'], rows: [person(id, { age })] };
    return drivers[i].mirror.apply(1n, [{ unit: 'ages', key: [age], parts: [part], version }]);
  };
  for (let round = 1; round <= 20; round++) {
    const calls = [made(0, 2 * round, `p${round}`, 1n), made(1, 2 * round + 1, `p${round}`, 1n)];
    const settled = await Promise.allSettled(calls);
    const refused = settled.flatMap((call) => (call.status === 'rejected' ? [call.reason as unknown] : []));
    expect(refused).toMatchObject([{ code: 'E_UNIQUE' }]);
  }
});
