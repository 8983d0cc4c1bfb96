import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { collections, migrate, openStore, postgresDriver, type Target } from '../../src/index.ts';
import { refusal } from '../harness/connections.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { deadPlace } from '../harness/sockets.ts';
import { migrationFolder } from '../support/migrations.ts';

const files = {
  '1_users.up.sql': 'CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL); CREATE TABLE visits ();',
  '2_seed.up.sql': "INSERT INTO users VALUES (1, 'admin@example.org'), (2, 'user@example.org');",
};

const schema = collections({
  users: { key: ['id'], fields: { id: { type: 'integer' }, email: { type: 'text' } } },
});

interface Place {
  readonly target: Target;
  readonly folder: string;
  readonly port: number;
}

/** As the guide has it: the port comes last. */
async function startService({ target, folder, port }: Place, onNote: (line: string) => void = () => undefined) {
  await migrate({
    folder,
    target,
    verify: true,
    confirm: { 'two users': 'SELECT count(*) = 2 FROM users' },
    onNote,
  });
  const driver = postgresDriver({ target, pool: { minimum: 2 } });
  const store = openStore(schema, driver);
  await store.open();
  onTestFinished(() => store.close());
  const idle = driver.pool.statistics.idle;
  const server = createServer(
    (_request, response) => void store.scan('users').then(({ rows }) => response.end(`${rows.length} ${idle}`)),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

async function scene() {
  const [database, { port }] = [await freshDatabase(), await deadPlace()];
  const place = { target: database, folder: migrationFolder(files), port };
  /** What the service answers; null where nobody listens. */
  const answer = () =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => null,
    );
  return { database, place, answer };
}

test('a service opens its port when it has migrated, verified its schema, confirmed its seeds and filled its pool', async () => {
  const { place, answer } = await scene();
  const early: Promise<string | null>[] = [];
  const lines: string[] = [];
  await startService(place, (line) => {
    lines.push(line);
    early.push(answer());
  });
  expect(lines).toEqual([expect.stringContaining('up 1_users'), expect.stringContaining('up 2_seed')]);
  expect(await early[0]).toBe(null);
  expect(await answer()).toBe('2 2');
});

test('the port of a service stays shut over a schema that somebody has changed, and over a seed that is gone', async () => {
  const { database, place, answer } = await scene();
  await migrate(place);
  await database.query('DELETE FROM users WHERE id = 2');
  expect(await refusal(startService(place))).toMatchObject({
    code: 'E_MIGRATION_UNCONFIRMED',
    facts: { names: ['two users'] },
  });
  expect(await answer()).toBe(null);
  await database.query('DROP TABLE visits; ALTER TABLE users ADD COLUMN age int, ALTER email DROP NOT NULL');
  const drifted = await refusal(startService(place));
  expect(drifted).toMatchObject({
    code: 'E_MIGRATION_DRIFT',
    exitCode: 1,
    facts: {
      version: 2n,
      schema: 'public',
      objects: ['table visits (missing)', 'column users.email (different)', 'column users.age (in no file)'],
    },
  });
  expect(drifted.message).toContain('The service should not start, and nothing was changed. crossfade migrate verify');
  expect(await answer()).toBe(null);
});
