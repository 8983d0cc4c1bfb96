import { test } from 'vitest';
import { freshDatabase } from '../../../../test/harness/postgres.ts';
import { expectApart, neighbours } from '../../../../test/support/neighbours.ts';
import { postgresStore } from '../../../../test/support/postgres-store.ts';

test('two stores of other collections in one schema keep out of what is not theirs', async () => {
  const target = await freshDatabase();
  const a = await postgresStore({ target, schema: 'public' }, neighbours.a);
  const b = await postgresStore({ target, schema: 'public' }, neighbours.b);
  await expectApart(
    { collection: 'people', store: a.store, driver: a.driver },
    { collection: 'words', store: b.store, driver: b.driver },
  );
});
