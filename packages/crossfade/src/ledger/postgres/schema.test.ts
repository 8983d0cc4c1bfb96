import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { plainClient } from '../../../test/support/plain-client.ts';
import { postgresStore } from '../../../test/support/postgres-store.ts';
import { migrateTo } from '../../migrate/migrate.ts';
import { collections } from '../../schema/collection.ts';
import { migrationsFolder, openLedger } from './open.ts';
import type { PostgresLedger } from './ledger.ts';

const by = { actor: 'operator', commit: 'c0ffee' } as const;

let target: TestDatabase;
let ledger: PostgresLedger;
beforeAll(async () => {
  target = await freshDatabase();
  ledger = await openLedger({ target });
});
afterAll(async () => {
  await ledger.close();
  await target.drop();
});

/** A role of its own with the right to make schemas there, gone when the test ends. */
async function role(database: TestDatabase): Promise<string> {
  const name = `ledger_${randomBytes(6).toString('hex')}`;
  await database.query(`CREATE ROLE ${name} LOGIN PASSWORD 'p'`);
  await database.query(`GRANT CREATE ON DATABASE ${database.database} TO ${name}`);
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY ${name} CASCADE`);
    await database.query(`DROP ROLE ${name}`);
  });
  return name;
}

test.each([
  "UPDATE crossfade.ledger_history SET actor = 'somebody else'",
  'DELETE FROM crossfade.ledger_history',
  'TRUNCATE crossfade.ledger_history',
  'SET session_replication_role = replica; DELETE FROM crossfade.ledger_history',
])('the history stands against its owner: %s', async (statement) => {
  await ledger.begin('kept', 'mapping', by);
  const before = await ledger.history('kept');
  await expect(target.query(statement)).rejects.toMatchObject({ code: 'CF003' });
  expect(await ledger.history('kept')).toEqual(before);
});

test('whoever holds the lock of a group too long makes a step busy, which then changes nothing', async () => {
  const hasty = await openLedger({ target, lockWaitMs: 1 });
  const from = await hasty.begin('held', 'mapping', by);
  const writer = await plainClient(target);
  await writer.query("BEGIN; SELECT pg_advisory_xact_lock_shared(hashtextextended('crossfade:group:held', 0))");
  const busy = { code: 'E_LEDGER_BUSY', facts: { sqlstate: '55P03' } };
  await expect(hasty.step('held', { from, to: 'dual', ...by })).rejects.toMatchObject(busy);
  // Who joins queues with the writers, and not behind them.
  await hasty.register('held', { id: 'joins', mappingHash: 'mapping', leaseMs: 60_000 });
  const patient = ledger.step('held', { from, to: 'dual', ...by });
  await writer.end();
  expect((await patient).outcome).toBe('done');
  await hasty.close();
});

test.each(['lock', 'row'])(
  'who joins waits for a step that is under way, by its %s alone, and joins behind it',
  async (holder) => {
    const group = `joined behind a ${holder}`;
    const hasty = await openLedger({ target, lockWaitMs: 1 });
    await hasty.begin(group, 'mapping', by);
    const stepping = await plainClient(target);
    await stepping.query('BEGIN');
    if (holder === 'lock')
      await stepping.query("SELECT pg_advisory_xact_lock(hashtextextended('crossfade:group:' || $1::text, 0))", [
        group,
      ]);
    else
      await stepping.query(
        `UPDATE crossfade.ledger_control SET state = 'frozen', epoch = 4, coordinator = 'c', frozen_until = now() WHERE "group" = $1`,
        [group],
      );
    const joining = { id: `a of ${group}`, mappingHash: 'mapping', leaseMs: 60_000 };
    await expect(hasty.register(group, joining)).rejects.toMatchObject({ code: 'E_LEDGER_BUSY' });
    await stepping.query('COMMIT');
    await stepping.end();
    const joined = hasty.register(group, joining);
    if (holder === 'lock') expect((await joined).epoch).toBe(0n);
    else await expect(joined).rejects.toMatchObject({ code: 'E_CROSSING_FROZEN' });
    await hasty.close();
  },
);

test('a step waits for whoever is joining', async () => {
  const hasty = await openLedger({ target, lockWaitMs: 1 });
  const from = await hasty.begin('being joined', 'mapping', by);
  const joining = await plainClient(target);
  await joining.query(`BEGIN; SELECT FROM crossfade.ledger_control WHERE "group" = 'being joined' FOR SHARE`);
  const request = { from, to: 'dual', ...by } as const;
  await expect(hasty.step('being joined', request)).rejects.toMatchObject({ code: 'E_LEDGER_BUSY' });
  await joining.end();
  expect((await hasty.step('being joined', request)).outcome).toBe('done');
  await hasty.close();
});

test('it says which server and timeline answer, as the server itself does', async () => {
  const { server } = await ledger.begin('where', 'mapping', by);
  const { rows } = await target.query(
    'SELECT system_identifier::text AS system, timeline_id AS timeline FROM pg_control_system(), pg_control_checkpoint()',
  );
  expect(server).toEqual({ systemIdentifier: rows[0].system, timeline: rows[0].timeline });
});

test('a step on another server than the last one is told by the row', async () => {
  await ledger.begin('moved', 'mapping', by);
  await target.query(`UPDATE crossfade.ledger_control SET stepped_timeline = 0 WHERE "group" = 'moved'`);
  const { steppedOn, server } = (await ledger.control('moved')) ?? {};
  expect(steppedOn).toEqual({ ...server, timeline: 0 });
});

test('a role that owns nothing but what it makes can keep a ledger', async () => {
  const database = await freshDatabase();
  const user = await role(database);
  const own = await openLedger({ target: { ...database, user, password: 'p' } });
  const from = await own.begin('plain', 'mapping', by);
  expect((await own.step('plain', { from, to: 'dual', ...by })).outcome).toBe('done');
  const acked = await own.register('plain', { id: 'a', mappingHash: 'mapping', leaseMs: 60_000 });
  expect(await own.renew('a', { acked, leaseMs: 60_000 })).toEqual(acked);
  await own.close();
});

test.each(['schema_migrations', 'ledger_control'])('what a stranger made as %s is not used', async (table) => {
  const database = await freshDatabase();
  const user = await role(database);
  await database.query(`CREATE SCHEMA crossfade; CREATE TABLE crossfade.${table} (version bigint, dirty boolean);
    ALTER TABLE crossfade.${table} OWNER TO ${user}`);
  const refused = { code: 'E_TARGET_RIGHTS', facts: { owners: user } };
  await expect(openLedger({ target: database })).rejects.toMatchObject(refused);
});

test('it lies beside the objects of stores, and beside the migrations of an application', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)');
  await database.query('INSERT INTO schema_migrations VALUES (42, false)');
  const words = collections({ words: { fields: { word: { type: 'text' } }, key: ['word'] } });
  const { driver } = await postgresStore({ target: database, schema: 'public' }, words);
  await driver.fence?.set(1n);
  const own = await openLedger({ target: database });
  await own.begin('beside', 'mapping', by);
  await own.close();
  await driver.fence?.lift(2n);
  expect(await driver.fence?.state()).toEqual({ epoch: 2n, isSet: false });
  expect((await database.query('SELECT version, dirty FROM schema_migrations')).rows).toEqual([
    { version: '42', dirty: false },
  ]);
});

test('it goes down again only where no crossing goes on, and up as often as is liked', async () => {
  const database = await freshDatabase();
  const place = { folder: migrationsFolder, target: database, schema: 'crossfade' };
  const own = await openLedger({ target: database });
  const from = await own.begin('on the way', 'mapping', by);
  const { control } = await own.step('on the way', { from, to: 'dual', ...by });
  const down = { kind: 'down', count: 2 } as const;
  await expect(migrateTo(place, down)).rejects.toMatchObject({ code: 'E_MIGRATION_FAILED' });
  expect(await own.control('on the way')).toEqual(control);
  await own.step('on the way', { from: control, to: 'legacy', ...by });
  expect((await migrateTo(place, down)).version).toBeNull();
  await own.close();
  const again = await openLedger({ target: database });
  expect(await again.groups()).toEqual([]);
  await again.close();
});

test('a state that this release does not know is not guessed at', async () => {
  const database = await freshDatabase();
  const own = await openLedger({ target: database });
  await own.begin('newer', 'mapping', by);
  await database.query(`ALTER TABLE crossfade.ledger_control DROP CONSTRAINT ledger_control_state_check;
    UPDATE crossfade.ledger_control SET state = 'later'`);
  const failed = { code: 'E_LEDGER_FAILED', facts: { state: 'later' } };
  await expect(own.control('newer')).rejects.toMatchObject(failed);
  await own.close();
});
