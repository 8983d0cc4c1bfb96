import { inspect } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { backendPid, connected, refusal, until } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { deadPlace } from '../../test/harness/sockets.ts';
import { connect, disconnect, isPooled, query } from './connect.ts';
import { sql } from './sql.ts';
import type { Target } from './target.ts';

test('a session is the same whatever role, database and environment set', async () => {
  const database = await freshDatabase();
  const hostile = [
    "timezone = 'America/New_York'",
    "datestyle = 'SQL, DMY'",
    "intervalstyle = 'iso_8601'",
    "bytea_output = 'escape'",
    'extra_float_digits = -15',
  ];
  const more = [
    "search_path = 'public, pg_catalog'",
    'statement_timeout = 1234',
    'idle_in_transaction_session_timeout = 1234',
    'synchronous_commit = off',
    'standard_conforming_strings = off',
  ];
  for (const setting of [...hostile, ...more])
    await database.query(`alter database ${database.database} set ${setting}`);
  vi.stubEnv('PGOPTIONS', '-c enable_seqscan=off');
  vi.stubEnv('PGREPLICATION', 'database');
  onTestFinished(() => void vi.unstubAllEnvs());

  const client = await connected(database);
  const { rows } = await query(
    client,
    sql`select '2020-01-02T03:04:05.123456Z'::timestamptz as t, '1 day 2 hours'::interval as i, '\\x00ff'::bytea as b, 0.1::float8 + 0.2 as f,
          9007199254740993 as n, true as yes, null as nothing, '{"a": 1}'::jsonb as j, array[1, 2] as a`,
    'look',
  );
  expect(rows).toEqual([
    {
      t: '2020-01-02 03:04:05.123456+00',
      i: '1 day 02:00:00',
      b: '\\x00ff',
      f: '0.30000000000000004',
      n: '9007199254740993',
      yes: 't',
      nothing: null,
      j: '{"a": 1}',
      a: '{1,2}',
    },
  ]);
  const settings = await query(
    client,
    sql`select name, setting from pg_settings where name = any (${['search_path', 'statement_timeout', 'idle_in_transaction_session_timeout', 'synchronous_commit', 'lock_timeout', 'synchronize_seqscans', 'standard_conforming_strings', 'enable_seqscan', 'client_connection_check_interval', 'client_encoding']})`,
    'look',
  );
  expect(Object.fromEntries(settings.rows.map((row) => [row.name, row.setting]))).toEqual({
    search_path: 'pg_catalog',
    statement_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    synchronous_commit: 'on',
    lock_timeout: '30000',
    synchronize_seqscans: 'off',
    standard_conforming_strings: 'on',
    enable_seqscan: 'on',
    client_connection_check_interval: '2000',
    client_encoding: 'UTF8',
  });
  expect(isPooled(client)).toBe(false);
});

test('functions and operators that somebody put into public are never called, not even while connecting', async () => {
  const database = await freshDatabase();
  await database.query('create table public.called (by text)');
  const evil = (head: string): string =>
    `create function public.${head} language plpgsql as $$ begin insert into public.called values ('evil'); return null; end $$`;
  for (const head of [
    'lower(text) returns text',
    'set_config(text, text, boolean) returns text',
    'current_setting(text) returns text',
    'pg_backend_pid() returns int',
    'eq(text, text) returns boolean',
  ])
    await database.query(evil(head));
  await database.query('create operator public.= (leftarg = text, rightarg = text, function = public.eq)');
  await database.query('create table public.pg_settings as select * from pg_catalog.pg_settings limit 0');
  await database.query(`alter database ${database.database} set search_path = 'public, pg_catalog'`);

  const client = await connected(database);
  const { rows } = await query(
    client,
    sql`select lower('ABC') as low, 'a'::text = 'a'::text as same, current_setting('timezone') as zone`,
    'look',
  );
  expect(rows).toEqual([{ low: 'abc', same: 't', zone: 'UTC' }]);
  expect((await database.query('select * from public.called')).rows).toEqual([]);
});

test('a wrong password, a missing one, and a database or server that is not there are told apart', async () => {
  const database = await freshDatabase();
  const wrong = await refusal(connect({ ...database, password: 'zz-canary-wrong' }));
  expect(wrong).toMatchObject({ code: 'E_TARGET_LOGIN', facts: { sqlstate: '28P01' } });
  expect(inspect(wrong, { showHidden: true })).not.toContain('zz-canary');
  const { password: _, ...without } = database;
  expect(await refusal(connect(without))).toMatchObject({
    code: 'E_TARGET_LOGIN',
    message: expect.stringContaining('none was given'),
  });
  expect(await refusal(connect({ ...database, database: 'no_such_database' }))).toMatchObject({
    code: 'E_TARGET_LOGIN',
    facts: { sqlstate: '3D000' },
  });

  expect(await refusal(connect({ ...database, ...(await deadPlace()) }))).toMatchObject({
    code: 'E_TARGET_UNREACHABLE',
    message: expect.stringContaining('nothing listens there'),
  });
  expect(await refusal(connect({ ...database, host: 'no-such-host.invalid' }))).toMatchObject({
    code: 'E_TARGET_UNREACHABLE',
    message: expect.stringContaining('cannot be resolved'),
  });
  expect(await refusal(connect({ ...database, host: '/no/such/folder' }))).toMatchObject({
    code: 'E_TARGET_UNREACHABLE',
    message: expect.stringContaining('no server socket'),
  });
});

test('neither the client nor the target as displayed shows the password', async () => {
  const database = await freshDatabase();
  const client = await connected(database);
  expect(database.password).toBeTruthy();
  expect(inspect(client, { depth: 6, showHidden: false })).not.toContain(database.password);
});

test('a database that is not UTF-8 is refused, and so is a role that may only read, unless reading is all that is wanted', async () => {
  const database = await freshDatabase();
  const latin: Target = { ...database, database: `${database.database}_latin` };
  await database.query(`create database ${latin.database} encoding 'LATIN1' locale 'C' template template0`);
  onTestFinished(async () => void (await database.query(`drop database ${latin.database}`)));
  expect(await refusal(connect(latin))).toMatchObject({ code: 'E_TARGET_ENCODING' });

  const readOnly = await freshDatabase();
  await database.query(`alter database ${readOnly.database} set default_transaction_read_only = on`);
  expect(await refusal(connect(readOnly))).toMatchObject({
    code: 'E_TARGET_REFUSED',
    message: expect.stringContaining('may only read'),
  });
  await connected(readOnly, { access: 'read' });
});

test('disconnecting twice, or from a server that is gone, does no harm and leaves no session behind', async () => {
  const database = await freshDatabase();
  const client = await connect(database);
  await disconnect(client);
  await disconnect(client);
  const other = await connect(database);
  await database.query('select pg_terminate_backend($1)', [await backendPid(other)]);
  await disconnect(other);
  const ours = "select 1 from pg_stat_activity where application_name = 'crossfade' and datname = current_database()";
  await until(async () => (await database.query(ours)).rowCount === 0);
  expect((await database.query(ours)).rows).toEqual([]);
});
