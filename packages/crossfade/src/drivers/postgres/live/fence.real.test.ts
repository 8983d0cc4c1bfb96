import { expect, onTestFinished, test } from 'vitest';
import { freshCluster } from '../../../../test/harness/cluster.ts';
import { until } from '../../../../test/harness/connections.ts';
import { hasty } from '../../../../test/harness/hasty.ts';
import { plainClient, plainQuery } from '../../../../test/support/plain-client.ts';
import { postgresStore } from '../../../../test/support/postgres-store.ts';

test('a fence stops logical replication, which goes on when it is lifted and loses nothing', async () => {
  const { target } = await freshCluster({ settings: { ...hasty, wal_level: 'logical' } });
  for (const name of ['source', 'copy']) await plainQuery(target, `CREATE DATABASE ${name}`);
  const [source, copy] = await Promise.all(['source', 'copy'].map((database) => plainClient({ ...target, database })));
  const { store, driver } = await postgresStore({ target: { ...target, database: 'copy' } });
  await driver.fence.lift(1n);
  await source.query('CREATE TABLE words (word text PRIMARY KEY, n integer NOT NULL)');
  await source.query('CREATE PUBLICATION leader FOR TABLE words');
  // Within one server, making the slot with the subscription would wait for itself.
  await source.query(`SELECT pg_create_logical_replication_slot('follower', 'pgoutput')`);
  await copy.query(`CREATE SUBSCRIPTION follower CONNECTION 'host=${target.host} port=${target.port} user=${target.user}
    dbname=source password=${target.password}' PUBLICATION leader WITH (create_slot = false, copy_data = false)`);
  onTestFinished(async () => {
    await copy.query('ALTER SUBSCRIPTION follower DISABLE');
    await Promise.all([source.end(), copy.end()]);
  });
  const held = async (): Promise<unknown[]> => (await store.scan('words')).rows.map(({ word, n }) => [word, n]);
  const errors = async (): Promise<number> =>
    Number((await copy.query('SELECT apply_error_count AS n FROM pg_stat_subscription_stats')).rows[0].n);
  await source.query(`INSERT INTO words VALUES ('a', 1), ('b', 1)`);
  await until(async () => (await held()).length === 2);
  await driver.fence.set(2n);
  for (const write of [
    `INSERT INTO words VALUES ('c', 1)`,
    `UPDATE words SET n = 2`,
    `DELETE FROM words WHERE word = 'b'`,
  ])
    await source.query(write);
  const before = await errors();
  await until(async () => (await errors()) > before);
  expect(await held()).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  await driver.fence.lift(2n);
  await until(async () => (await held()).length === 2 && (await store.read('words', ['b'])) === null);
  expect(await held()).toEqual([
    ['a', 2],
    ['c', 2],
  ]);
});
