import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Target } from '../../src/pg/target.ts';
import { freshCluster } from '../harness/cluster.ts';
import { query, type TestDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { expectOneMessage, moveJson } from '../support/moves.ts';
import { smallSource } from '../support/sources.ts';
import { expectComplete } from '../support/sweep.ts';
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

test('functions of the same name, planted in a path that the role is given, are not called', async () => {
  const { database, mover } = await prepared();
  await database.query(`create schema trap; grant usage on schema trap to public; create table trap.sprung (what text);
    grant insert on trap.sprung to public;
    create function trap.lower(text) returns text language sql as $$ insert into trap.sprung values ('lower'); select 'x' $$;
    create function trap.unnest(text[]) returns setof text language sql as $$ insert into trap.sprung values ('unnest'); select 'x' $$;
    create function trap.set_config(text, text, boolean) returns text language sql as $$ insert into trap.sprung values ('set_config'); select 'x' $$;
    alter role crossfade_mover set search_path = trap, pg_catalog, public`);
  const source = smallSource();
  await expectComplete(await moveJson(source, mover), source, database, false);
  expect((await database.query('select what from trap.sprung')).rows).toEqual([]);
});
