import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freshCluster } from './cluster.ts';
import { tempFolder } from './folders.ts';
import { freshDatabase, query } from './postgres.ts';

test('a fresh database is empty and UTF-8', async () => {
  const database = await freshDatabase();
  const { rows } = await database.query(
    `select current_setting('server_encoding') as encoding,
            (select count(*)::int from pg_tables where schemaname = 'public') as tables`,
  );
  expect(rows).toEqual([{ encoding: 'UTF8', tables: 0 }]);
});

test('a server of its own has durable settings', async () => {
  const { target } = await freshCluster();
  const { rows } = await query(
    target,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            current_setting('full_page_writes') as pages`,
  );
  expect(rows).toEqual([{ fsync: 'on', commit: 'on', pages: 'on' }]);
});

test('nothing of a statement is left for the next: no setting, temporary table, or open transaction', async () => {
  const database = await freshDatabase();
  await database.query("set search_path = elsewhere; create temporary table t (a int); set application_name = 'x'");
  await database.query('begin');
  const { rows } = await database.query(
    `select current_setting('search_path') as path, current_setting('application_name') as name,
            to_regclass('pg_temp.t') as t, now() = statement_timestamp() as alone`,
  );
  expect(rows).toEqual([{ path: '"$user", public', name: '', t: null, alone: true }]);
});

test('statements of one database may wait for each other', async () => {
  const database = await freshDatabase();
  const waiting = database.query('select pg_advisory_lock(1), pg_sleep(0.2)');
  const pids = await Promise.all([1, 2].map(() => database.query('select pg_backend_pid() as pid')));
  expect(new Set(pids.map(({ rows }) => rows[0].pid)).size).toBe(2);
  await waiting;
});

test('two databases of one test share nothing', async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  await one.query('create table t (a int)');
  await expect(other.query('select * from t')).rejects.toMatchObject({ code: '42P01' });
});

test('a temporary folder exists while the test runs', () => {
  expect(existsSync(tempFolder())).toBe(true);
});
