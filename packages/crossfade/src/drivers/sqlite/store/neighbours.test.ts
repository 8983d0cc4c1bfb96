import { test } from 'vitest';
import { expectApart, neighbours } from '../../../../test/support/neighbours.ts';
import { sqliteStore } from '../../../../test/support/sqlite-store.ts';

test('two stores of other collections in one file keep out of what is not theirs', async () => {
  const a = await sqliteStore({}, neighbours.a);
  const b = await sqliteStore({ path: a.path }, neighbours.b);
  await expectApart(
    { collection: 'people', store: a.store, driver: a.driver },
    { collection: 'words', store: b.store, driver: b.driver },
  );
});
