import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { postgresDriver } from '../../src/drivers/postgres/postgres.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { retry } from '../../src/move/retry.ts';
import { verify } from '../../src/move/verify.ts';
import type { Target } from '../../src/pg/target.ts';
import { freshCluster } from '../harness/cluster.ts';
import { query, type TestDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { expectOneMessage, moveJson } from '../support/moves.ts';
import { migrationFolder } from '../support/migrations.ts';
import { mend, quarantined } from '../support/rejects.ts';
import { addUnheldRow, smallSource } from '../support/sources.ts';
import { expectComplete } from '../support/sweep.ts';
import { openStore } from '../../src/store/store.ts';
import { publishedTables } from '../support/traces.ts';

const page = new URL('../../../../docs/reference/rights.md', import.meta.url);

/** The statements as the page tells a user to run them, for the database `app`. */
function documentedRoles(): string {
  const [, block] = /```sql\n(-- Owns[\s\S]+?)```/.exec(readFileSync(page, 'utf8')) ?? [];
  expect(block, 'the page holds the statements').toBeDefined();
  return block;
}

/** A database `app` with the documented roles, each with a password. */
async function prepared() {
  const { target } = await freshCluster();
  await query(target, 'create database app');
  const app: Target = { ...target, database: 'app' };
  await query(app, documentedRoles());
  const as = async (user: string): Promise<Target> => {
    const password = randomBytes(12).toString('hex');
    await query(app, `alter role ${user} password '${password}'`);
    return { ...app, user, password };
  };
  const database: TestDatabase = {
    ...app,
    query: (sql, values) => query(app, sql, values),
    drop: () => Promise.resolve(),
  };
  return {
    database,
    mover: await as('crossfade_mover'),
    looker: await as('crossfade_verify'),
    sync: await as('crossfade_sync'),
  };
}

test('the documented roles are enough: one moves, one verifies and may only look, one may only change rows', async () => {
  const { database, mover, looker, sync } = await prepared();
  const source = smallSource();
  const { rows } = await database.query(
    `select rolname from pg_roles where rolname like 'crossfade%' and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)`,
  );
  expect(rows).toEqual([]);

  const refused = await moveJson(source, looker);
  expect(expectOneMessage(refused, 'E_TARGET_RIGHTS', 1)).toMatch(/lacks a right.*rights\.md.*doctor/);
  expectOneMessage(await moveJson(source, sync), 'E_TARGET_RIGHTS', 1);
  expect(await publishedTables(database)).toEqual([]);

  const moved = await moveJson(source, mover);
  const verified = await runCli(['verify', source], { env: serverEnv(looker) });
  expect([verified.status, verified.stderr]).toEqual([0, '']);
  await expect(query(looker, 'update visit set minutes = 1')).rejects.toMatchObject({ code: '42501' });
  await query(sync, 'update visit set minutes = 1 where id = 3; update visit set minutes = 200 where id = 600');
  await expect(query(sync, 'drop table visit')).rejects.toMatchObject({ code: '42501' });

  const found = await runCli(['verify', source, '--json'], { env: serverEnv(looker) });
  expect(JSON.parse(found.stdout)).toMatchObject({ verdict: 'equal', exitCode: 0 });
  await query(sync, 'update visit set minutes = 2 where id = 3');
  const differs = await runCli(['verify', source, '--json'], { env: serverEnv(looker) });
  expect(differs.status).toBe(1);
  expect(JSON.parse(differs.stdout).differences).toEqual([
    { table: 'visit', key: '3', kind: 'different', columns: ['minutes'] },
  ]);
  await query(sync, 'update visit set minutes = 1 where id = 3');

  const owners = await database.query(`select distinct tableowner from pg_tables where schemaname = 'public'`);
  expect(owners.rows).toEqual([{ tableowner: 'crossfade_owner' }]);
  await expectComplete(moved, source, database, false);
});

/** What somebody who may create a schema could plant: functions, an operator, and an empty relation for each catalog. */
const traps = `create schema trap; grant usage on schema trap to public; create table trap.sprung (what text);
    grant insert on trap.sprung to public;
    create function trap.lower(text) returns text language sql as $$ insert into trap.sprung values ('lower'); select 'x' $$;
    create function trap.unnest(text[]) returns setof text language sql as $$ insert into trap.sprung values ('unnest'); select 'x' $$;
    create function trap.set_config(text, text, boolean) returns text language sql as $$ insert into trap.sprung values ('set_config'); select 'x' $$;
    create function trap.current_setting(text) returns text language sql as $$ insert into trap.sprung values ('current_setting'); select 'x' $$;
    create function trap.same(text, text) returns boolean language sql as $$ insert into trap.sprung values ('='); select false $$;
    create operator trap.= (leftarg = text, rightarg = text, function = trap.same);
    create view trap.pg_class as select * from pg_catalog.pg_class where false;
    create view trap.pg_namespace as select * from pg_catalog.pg_namespace where false;
    create view trap.pg_proc as select oid, proname from pg_catalog.pg_proc where false;
    grant select on all tables in schema trap to public;
    create function public.lower(text) returns text language sql as $$ insert into trap.sprung values ('public.lower'); select 'x' $$;`;

test('nothing planted in the path of a role is called, and each role does its own work: move, retry, migrate, verify, a store', async () => {
  const { database, mover, looker, sync } = await prepared();
  await database.query(traps);
  for (const { user } of [mover, looker, sync])
    await database.query(`alter role ${user} set search_path = trap, public, pg_catalog`);
  const source = smallSource();
  addUnheldRow(source);

  const list = await quarantined(source, { ...mover, query: database.query, drop: database.drop });
  mend(source, `update person set note = 'mended' where id = 9000`);
  expect(await retry({ rejects: list, target: looker }).catch((error: CrossfadeError) => error.code)).toBe(
    'E_TARGET_RIGHTS',
  );
  expect((await retry({ rejects: list, target: mover })).verdict).toBe('equal');
  expect((await verify({ source, target: looker })).verdict).toBe('equal');

  const folder = migrationFolder({
    '1_mood': [`create table mood (id bigint primary key, name text not null)`, 'drop table mood'],
    '2_fill': [`insert into mood select n, 'm' || n from generate_series(1, 3) n`, 'delete from mood'],
  });
  for (const target of [looker, sync])
    expect(await migrate({ target, folder }).catch((error: CrossfadeError) => error.code)).toBe('E_TARGET_RIGHTS');
  expect((await migrate({ target: mover, folder })).ran).toHaveLength(2);

  const opened = async (target: Target, tables: 'create' | 'expect' = 'expect') => {
    const fields = { id: { type: 'bigint' }, name: { type: 'text' } } as const;
    const store = openStore({ mood: { fields, key: ['id'] } }, postgresDriver({ target, tables }));
    onTestFinished(() => store.close());
    await store.open();
    return store;
  };
  const [kept, seen] = [await opened(sync), await opened(looker)];
  await kept.write([{ kind: 'insert', collection: 'mood', row: { id: 4n, name: 'm4' } }]);
  await kept.update('mood', [1n], () => ({ id: 1n, name: 'changed' }));
  expect((await seen.scan('mood')).rows.map(({ name }) => name)).toEqual(['changed', 'm2', 'm3', 'm4']);
  const refused = seen.write([{ kind: 'remove', collection: 'mood', key: [1n] }]);
  await expect(refused).rejects.toMatchObject({ code: 'E_STORE_FAILED', facts: { sqlstate: '42501' } });
  await database.query('alter table mood rename to missing');
  expect(await opened(sync, 'create').catch((error: CrossfadeError) => error.code)).toBe('E_TARGET_RIGHTS');

  const sprung = async () =>
    (await database.query('select what from trap.sprung')).rows.map(({ what }) => what as string);
  expect(await sprung()).toEqual([]);
  // The traps are armed: who trusts the path steps into them.
  await query(sync, `select lower('A')`);
  expect(await sprung()).toEqual(['lower']);
});
