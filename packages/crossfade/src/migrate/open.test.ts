import { expect, test } from 'vitest';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { faultProxy } from '../../test/support/fault-proxy.ts';
import { migrationFolder } from '../../test/support/migrations.ts';
import { type Reading, readInSteps } from './files.ts';
import { migrate } from './migrate.ts';
import { opened } from './open.ts';
import { migrationStatus } from './status.ts';

/** Far more than a login takes. */
const stepsMax = 10_000_000;

test('the session is made while the folder is read', async () => {
  const database = await freshDatabase();
  const proxy = await faultProxy(database);
  const folder = migrationFolder({ '000001_a': ['CREATE TABLE a ()', ''] });
  // Reading has no end before the server has let us in and was asked something.
  function* reading(): Reading {
    for (let step = 0; proxy.calls() === 0; step++) {
      if (step > stepsMax) throw new Error('nobody logged in while the folder was read');
      yield;
    }
    return yield* readInSteps(folder, false);
  }
  const options = { folder, target: { ...database, host: proxy.host, port: proxy.port } };
  const versions = await opened(reading(), options, false, ({ context }) =>
    Promise.resolve(context.migrations.all.map(({ version }) => version)),
  );
  expect(versions).toEqual([1n]);
});

test('the history counts in the order in which it happened, wherever its rows lie', async () => {
  const database = await freshDatabase();
  const folder = migrationFolder({ '000001_a': ['CREATE TABLE a ()', ''], '000002_b': ['CREATE TABLE b ()', ''] });
  const options = { folder, target: database };
  await migrate(options);
  // A dump and restore may bring them in another order too.
  await database.query('UPDATE crossfade_migrations SET name = name WHERE version = 1');
  expect((await migrate(options)).ran).toEqual([]);
  expect((await migrationStatus(options)).migrations.map(({ standing }) => standing)).toEqual(['applied', 'applied']);
  const { rows } = await database.query('SELECT direction FROM crossfade_migrations');
  expect(rows.map(({ direction }) => direction)).toEqual(['up', 'up']);
});
