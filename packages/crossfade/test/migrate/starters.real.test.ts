import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freshDatabase } from '../harness/postgres.ts';
import { migrationFolder, noTransaction, versionOf } from '../support/migrations.ts';

const child = fileURLToPath(new URL('../support/migrate-child.ts', import.meta.url));
const starters = 50;

const files = {
  '1_log.up.sql': 'CREATE TABLE log (line text);',
  '2_a.up.sql': "INSERT INTO log VALUES ('a');",
  '3_index.up.sql': `${noTransaction}INSERT INTO log VALUES ('b');\nCREATE INDEX CONCURRENTLY log_line ON log (line);`,
  '4_c.up.sql': "INSERT INTO log VALUES ('c');",
  '5_d.up.sql': `${noTransaction}INSERT INTO log VALUES ('d');`,
};

test('fifty services that start at once, each a process, run each file once, and all of them come up', {
  timeout: 600_000,
}, async () => {
  const database = await freshDatabase();
  const { host, port, user, password, database: name, display } = database;
  const target = { host, port, user, password, database: name, display, tls: 'disable' };
  const asked = JSON.stringify({ folder: migrationFolder(files), target });
  const start = async () => {
    const service = spawn(process.execPath, [child, asked], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [out, [status]] = await Promise.all([text(service.stdout), once(service, 'close')]);
    return { status: status as number | null, ...(JSON.parse(out) as { ran: number; version: string }) };
  };
  const ended = await Promise.all(Array.from({ length: starters }, start));
  expect(ended.map(({ status, version }) => `${status} ${version}`)).toEqual(ended.map(() => '0 5'));
  expect(ended.reduce((sum, { ran }) => sum + ran, 0)).toBe(5);
  const history = await database.query('SELECT version::int, direction FROM crossfade_migrations ORDER BY 1');
  expect(history.rows).toEqual([1, 2, 3, 4, 5].map((version) => ({ version, direction: 'up' })));
  const { rows } = await database.query('SELECT line FROM log ORDER BY 1');
  expect(rows.map(({ line }) => line)).toEqual(['a', 'b', 'c', 'd']);
  expect(await versionOf(database)).toBe('5 false');
});
