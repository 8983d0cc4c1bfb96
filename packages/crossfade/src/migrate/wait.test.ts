import { expect, test } from 'vitest';
import { refusal } from '../../test/harness/connections.ts';
import { freshCluster } from '../../test/harness/cluster.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { deadPlace } from '../../test/harness/sockets.ts';
import { migrationFolder } from '../../test/support/migrations.ts';
import { migrate } from './migrate.ts';
import { pauseMs } from './retry.ts';

const empty = () => migrationFolder({ '1_a.up.sql': 'SELECT 1;' });

test('a database that never comes ends the start after the tries, one line each, with the reason', async () => {
  const database = await freshDatabase();
  const lines: string[] = [];
  const options = { folder: empty(), target: { ...database, ...(await deadPlace()) }, waitTries: 4, waitBackoffMs: 5 };
  const error = await refusal(migrate({ ...options, onNote: (line) => lines.push(line) }));
  expect(error).toMatchObject({ code: 'E_TARGET_UNREACHABLE', exitCode: 1, facts: { tries: 4 } });
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(
    /^Waiting for the database, try 1 of 4, the next in \d\.\d s\. Could not connect to .*: nothing listens there/,
  );
});

test('thirty times where nothing else is said', async () => {
  const database = await freshDatabase();
  const lines: string[] = [];
  const options = { folder: empty(), target: { ...database, ...(await deadPlace()) }, waitBackoffMs: 0 };
  const error = await refusal(migrate({ ...options, onNote: (line) => lines.push(line) }));
  expect(error.facts).toMatchObject({ tries: 30 });
  expect(error.message).toContain('It was tried 30 times; nothing was run.');
  expect(lines.map((line) => line.split(',')[1])).toEqual(
    Array.from({ length: 29 }, (_, index) => ` try ${index + 1} of 30`),
  );
});

test('a database that comes up later is waited for', async () => {
  const cluster = await freshCluster();
  await cluster.stop();
  let lines = 0;
  let starting: Promise<unknown> = Promise.resolve();
  const onNote = (line: string): void => {
    if (line.startsWith('Waiting') && ++lines === 2) starting = cluster.start();
  };
  const report = await migrate({ folder: empty(), target: cluster.target, waitTries: 100, waitBackoffMs: 50, onNote });
  await starting;
  expect(report.version).toBe(1n);
  expect(lines).toBeGreaterThan(1);
});

test('a wrong database, and a folder that cannot be used, are told at once', async () => {
  const database = await freshDatabase();
  const lines: string[] = [];
  const options = {
    folder: empty(),
    target: { ...database, database: 'nowhere' },
    onNote: (line: string) => lines.push(line),
  };
  expect((await refusal(migrate(options))).code).toBe('E_TARGET_LOGIN');
  const bad = { ...options, folder: migrationFolder({ 'x.sql': '' }), target: { ...database, ...(await deadPlace()) } };
  expect((await refusal(Promise.resolve().then(() => migrate(bad)))).code).toBe('E_MIGRATION_FILES');
  expect(lines).toEqual([]);
});

test('a wrong password is told at once', async () => {
  const cluster = await freshCluster();
  const lines: string[] = [];
  const target = { ...cluster.target, password: 'wrong' };
  const error = await refusal(migrate({ folder: empty(), target, onNote: (line) => lines.push(line) }));
  expect([error.code, lines]).toEqual(['E_TARGET_LOGIN', []]);
});

test('pauses double up to the longest, at random down to half', () => {
  const backoff = { firstMs: 100, longestMs: 500 };
  expect([1, 2, 3, 4, 60].map((attempt) => pauseMs(attempt, backoff, () => 1))).toEqual([100, 200, 400, 500, 500]);
  expect(pauseMs(1, backoff, () => 0)).toBe(50);
  // Nobody has to bring the dice along.
  const pauses = Array.from({ length: 20 }, () => pauseMs(1, backoff));
  expect(pauses.every((ms) => ms >= 50 && ms < 100)).toBe(true);
  expect(new Set(pauses).size).toBeGreaterThan(1);
});
