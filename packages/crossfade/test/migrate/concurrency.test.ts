import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { force } from '../../src/migrate/force.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { migrationStatus } from '../../src/migrate/status.ts';
import { lockId, lockKey } from '../../src/migrate/tables.ts';
import { transaction } from '../../src/pg/connect.ts';
import { connected, refusal, until } from '../harness/connections.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { whileBuilding } from '../support/building.ts';
import { migrationFolder, noTransaction, versionOf } from '../support/migrations.ts';

const files = {
  '1_log.up.sql': 'CREATE TABLE log (line text);',
  '2_a.up.sql': "INSERT INTO log VALUES ('a');",
  '3_index.up.sql': `${noTransaction}CREATE INDEX CONCURRENTLY log_line ON log (line);\nINSERT INTO log VALUES ('b');`,
  '4_c.up.sql': "INSERT INTO log VALUES ('c');",
  '5_d.up.sql': `${noTransaction}INSERT INTO log VALUES ('d');`,
};

test('fifty starts at once run each file once, and all of them end at the newest version', async () => {
  const database = await freshDatabase();
  const options = { folder: migrationFolder(files), target: database };
  const reports = await Promise.all(Array.from({ length: 50 }, () => migrate({ ...options, waitBackoffMs: 50 })));
  expect(reports.map(({ version }) => version)).toEqual(reports.map(() => 5n));
  expect(reports.flatMap(({ ran }) => ran.map(({ version }) => version)).toSorted()).toEqual([1n, 2n, 3n, 4n, 5n]);
  expect((await database.query('select line from log order by 1')).rows.map(({ line }) => line)).toEqual([
    'a',
    'b',
    'c',
    'd',
  ]);
  expect((await database.query('select count(*)::int as n from crossfade_migrations')).rows).toEqual([{ n: 5 }]);
  expect(await versionOf(database)).toBe('5 false');
});

// starters.real.test.ts starts fifty.
test('so do services in processes of their own', async () => {
  const database = await freshDatabase();
  const { host, port, user, password, database: name, display } = database;
  const options = {
    folder: migrationFolder(files),
    target: { host, port, user, password, database: name, display, tls: 'disable' },
  };
  const child = fileURLToPath(new URL('../support/migrate-child.ts', import.meta.url));
  const ran = await Promise.all(
    Array.from({ length: 2 }, async () => {
      const service = spawn(process.execPath, [child, JSON.stringify(options)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      service.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await once(service, 'close');
      return JSON.parse(out) as { ran: number; version: string };
    }),
  );
  expect(ran.map(({ version }) => version)).toEqual(['5', '5']);
  expect(ran.reduce((sum, each) => sum + each.ran, 0)).toBe(5);
});

test('behind a long reader an ALTER TABLE is tried again, and writers wait no longer than its lock limit', async () => {
  const database = await freshDatabase();
  await database.query('create table public.t (x int)');
  const reader = await connected(database);
  const writer = await connected(database);
  const notes: string[] = [];
  const lockTimeoutMs = 400;
  let running: Promise<unknown> = Promise.resolve();
  let worstMs = 0;
  await transaction(reader, async () => {
    await reader.query('select count(*) from public.t');
    let ended = false;
    running = migrate({
      folder: migrationFolder({ '1_a.up.sql': 'ALTER TABLE t ADD COLUMN y int;' }),
      target: database,
      lockTimeoutMs,
      onNote: (line) => notes.push(line),
    }).finally(() => (ended = true));
    while (notes.length < 4 && !ended) {
      const started = performance.now();
      await writer.query('insert into public.t (x) values (1)');
      worstMs = Math.max(worstMs, performance.now() - started);
    }
    expect(ended).toBe(false);
  });
  await running;
  expect(notes[0]).toMatch(/1_a\.up\.sql:1, statement 1 of 1: no lock within 400 ms, try 1 of 40/);
  // The writer did queue behind the migration, and for its limit only; the rest is what the machine takes.
  expect(worstMs).toBeGreaterThan(100);
  expect(worstMs).toBeLessThan(lockTimeoutMs + 400);
  expect(await versionOf(database)).toBe('1 false');
});

test('a lock that is never to be had ends the run with the reason, and nothing of the file stands', async () => {
  const database = await freshDatabase();
  await database.query('create table public.t (x int)');
  const folder = migrationFolder({ '1_a.up.sql': 'CREATE TABLE u ();\nALTER TABLE t ADD COLUMN y int;' });
  const reader = await connected(database);
  await transaction(reader, async () => {
    await reader.query('select count(*) from public.t');
    const error = await refusal(migrate({ folder, target: database, lockTimeoutMs: 20, lockTries: 2 }));
    expect(error).toMatchObject({ code: 'E_MIGRATION_BUSY', facts: { line: 2, statement: 2, sqlstate: '55P03' } });
  });
  expect((await database.query("select to_regclass('public.u') as u")).rows).toEqual([{ u: null }]);
});

test('a statement without a transaction is tried again alone; those before it are not repeated', async () => {
  const database = await freshDatabase();
  await database.query('create table public.t (x int)');
  const folder = migrationFolder({
    '1_a.up.sql': `${noTransaction}INSERT INTO t VALUES (1);\nALTER TABLE t ADD COLUMN y int;`,
  });
  const reader = await connected(database);
  const notes: string[] = [];
  let running: Promise<unknown> = Promise.resolve();
  await transaction(reader, async () => {
    await reader.query('select count(*) from public.t');
    running = migrate({ folder, target: database, lockTimeoutMs: 30, onNote: (line) => notes.push(line) });
    await until(async () => notes.length > 1);
  });
  await running;
  expect((await database.query('select x, y from t')).rows).toEqual([{ x: 1, y: null }]);
});

test('while a file without a transaction runs, others wait for it and never look in; the lease outlives its term', async () => {
  const database = await freshDatabase();
  const patience = { target: database, leaseMs: 400 };
  const notes: string[] = [];
  let first: Promise<unknown> = Promise.resolve();
  let second: ReturnType<typeof migrate> | undefined;
  await whileBuilding(
    database,
    (folder) => (first = migrate({ folder, ...patience })),
    async (folder) => {
      const options = { folder, ...patience };
      second = migrate({ ...options, onNote: (line) => notes.push(line) });
      await until(async () => notes.length > 0);
      const started = performance.now();
      await until(async () => performance.now() - started > 1_200);
      const status = await migrationStatus(options);
      expect(status).toMatchObject({
        dirty: true,
        repair: null,
        run: { statement: 1, statements: 2, line: 2 },
        migrations: [{ standing: 'running' }],
      });
      expect(status.run?.leftMs).toBeGreaterThan(0);
      const impatient = await refusal(force({ ...options, runWaitMs: 1 }, null));
      expect(impatient.code).toBe('E_MIGRATION_BUSY');
    },
  );
  await first;
  expect(await second).toMatchObject({ version: 1n, ran: [] });
  expect(notes[0]).toMatch(/^Waiting for .*, who runs 1_a\.up\.sql\.$/);
  expect(await versionOf(database)).toBe('1 false');
});

test("golang-migrate's own lock keeps us out, and ours keeps it out", async () => {
  const database = await freshDatabase();
  const options = { folder: migrationFolder(files), target: database };
  const golang = await connected(database);
  // Numbers of golang-migrate's own test.
  expect(lockId(['database_name'])).toBe(1_764_327_054n);
  expect(lockId(['schema_name_1', 'schema_name_2', 'database_name'])).toBe(3_743_845_847n);
  const key = lockKey(database.database, 'public');
  await golang.query(`select pg_advisory_lock(${key})`);
  expect((await refusal(migrate({ ...options, runWaitMs: 100 }))).code).toBe('E_MIGRATION_BUSY');
  await golang.query(`select pg_advisory_unlock(${key})`);
  expect((await migrate(options)).version).toBe(5n);
});
