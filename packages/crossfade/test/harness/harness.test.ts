import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tempFolder } from './folders.ts';
import { freshDatabase } from './postgres.ts';

test('a fresh database is empty, UTF-8, and on a server with durable settings', async () => {
  const database = await freshDatabase();
  const { rows } = await database.query(
    `select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
            (select count(*)::int from pg_tables where schemaname = 'public') as tables`,
  );
  expect(rows).toEqual([{ encoding: 'UTF8', fsync: 'on', commit: 'on', pages: 'on', tables: 0 }]);
});

test('two databases of one test share nothing', async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  await one.query('create table t (a int)');
  await expect(other.query('select * from t')).rejects.toMatchObject({ code: '42P01' });
});

test('a temporary folder exists while the test runs', () => {
  expect(existsSync(tempFolder())).toBe(true);
});
