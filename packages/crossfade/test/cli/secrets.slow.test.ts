import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Cluster } from '../../src/pg/embedded/cluster.ts';
import type { Target } from '../../src/pg/target.ts';
import { freshCluster } from '../harness/cluster.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, query } from '../harness/postgres.ts';
import { type CliOptions, type Ended, runCli, serverEnv, startCli } from '../support/cli.ts';
import { numbers, smallSource, sourceFile } from '../support/sources.ts';

const password = 'zz-canary-password';

/** Runs a command and everything that anybody could see of it meanwhile: its own and its threads' command lines. */
async function watched(args: readonly string[], options: CliOptions): Promise<Ended & { commandLines: string }> {
  const running = startCli(args, options);
  const seen = new Set<string>();
  let over = false;
  const sample = async (): Promise<void> => {
    while (!over) {
      seen.add(`${proc(running.pid, 'cmdline')}\n${proc(running.pid, 'comm')}`);
      await sleep(10);
    }
  };
  const [ended] = await Promise.all([running.ended.finally(() => (over = true)), sample()]);
  return { ...ended, commandLines: [...seen].join('\n') };
}

function proc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** What the server has written about itself and us. */
function logOf(cluster: Cluster): string {
  const log = readFileSync(join(cluster.folder, 'log'), 'utf8');
  expect(log).toContain('ready to accept connections');
  return log;
}

/** A role with a password that can be recognised. */
async function withCanaryPassword(server: Target): Promise<Target> {
  await query(server, `create role canary login superuser password '${password}'`);
  return { ...server, user: 'canary', password };
}

test('a password is seen nowhere, in whichever way it is given: output, report, command line, server log', async () => {
  const cluster = await freshCluster();
  const target = await withCanaryPassword(cluster.target);
  const { PGPASSWORD: _, ...rest } = serverEnv(target);
  const passfile = join(tempFolder(), 'pgpass');
  writeFileSync(passfile, `*:*:*:canary:${password}\n`, { mode: 0o600 });
  const ways: Record<string, { args: string[]; options: CliOptions }> = {
    PGPASSWORD: { args: [], options: { env: { ...rest, PGPASSWORD: password } } },
    DATABASE_URL: {
      args: [],
      options: {
        env: { DATABASE_URL: `postgres://canary:${password}@${target.host}:${target.port}/postgres?sslmode=disable` },
      },
    },
    passfile: { args: [], options: { env: { ...rest, PGPASSFILE: passfile } } },
    stdin: { args: ['--password-stdin'], options: { env: rest, stdin: `${password}\n` } },
  };
  for (const [way, { args, options }] of Object.entries(ways)) {
    const report = join(tempFolder(), 'report.json');
    const move = ['move', smallSource(), '--schema', `by_${way}`, '--report', report, ...args];
    const runs = [
      await watched(move, options),
      await watched([...move, '--only', 'nope'], options),
      await watched(move, options),
    ];
    expect([way, ...runs.map(({ status }) => status)]).toEqual([way, 0, 2, 1]);
    for (const { stdout, stderr, commandLines } of runs) {
      expect(commandLines).toContain('crossfade.mjs');
      for (const text of [stdout, stderr, commandLines]) expect(text).not.toContain(password);
    }
    expect(readFileSync(report, 'utf8')).not.toContain(password);
  }
  const refused = await runCli(['move', 'x.db'], {
    env: { DATABASE_URL: `postgres://canary:${password}x@${target.host}:${target.port}/postgres` },
  });
  expect(refused.stderr).not.toContain(password);
  expect(logOf(cluster)).not.toContain(password);
});

/** Every kind of trouble that a report speaks of, each with a value that can be recognised. */
function canarySource(): string {
  return sourceFile(
    `CREATE TABLE patient (code TEXT PRIMARY KEY, born DATE, weight INTEGER, note TEXT) WITHOUT ROWID`,
    `CREATE TABLE measure (patient TEXT REFERENCES patient (code), day TEXT, value REAL CHECK (value < 1000), PRIMARY KEY (patient, day))`,
    `CREATE TABLE remark (id INTEGER PRIMARY KEY, t TEXT, at DATETIME)`,
    `${numbers(40)} INSERT INTO patient SELECT 'zz-canary-key-' || i, '1980-02-03', i, 'zz-canary-note-' || i FROM n`,
    // Of another class than their column says, so that the evidence has to name the row.
    `UPDATE patient SET born = 'zz-canary-born', weight = 'zz-canary-weight' WHERE code = 'zz-canary-key-7'`,
    `UPDATE patient SET note = 'zz-canary-' || char(0) || 'nul' WHERE code = 'zz-canary-key-8'`,
    `${numbers(40)} INSERT INTO measure SELECT 'zz-canary-key-' || (i + 20), 'zz-canary-day', i FROM n`,
    `${numbers(40)} INSERT INTO remark SELECT i, 'zz-canary-remark', CASE i WHEN 5 THEN 'zz-canary-at' ELSE '2026-01-01T00:00:00Z' END FROM n`,
  );
}

test('no value of a row is seen anywhere, keys that are text included, whatever is wrong with the rows', async () => {
  const cluster = await freshCluster({ settings: { log_error_verbosity: 'terse' } });
  const [source, cwd] = [canarySource(), tempFolder()];
  const env = serverEnv(cluster.target);
  const report = join(cwd, 'report.json');
  const move = (...more: string[]): Promise<Ended> =>
    runCli(['move', source, '--report', report, ...more], { cwd, env });
  const stopped = await move();
  const moved = await move('--bad-values', 'quarantine');
  await query(
    cluster.target,
    `update patient set weight = 'zz-canary-other' where code = 'zz-canary-key-9'; delete from remark where id = 3`,
  );
  const different = await runCli(['verify', source], { cwd, env });
  const occupied = await move('--rule', 'patient.note=nul:strip', '--json');
  const plan = await runCli(['plan', source], { cwd, env });
  expect([stopped, moved, different, occupied, plan].map(({ status }) => status)).toEqual([3, 4, 1, 1, 0]);
  // Each of them spoke of rows, and of the right ones.
  expect(stopped.stdout).toContain('patient.note: 1 × E_TEXT_NUL, first at ');
  expect(moved.stdout).toMatch(/20 rows have no parent in patient/);
  expect(different.stdout).toMatch(/patient .+ different in weight/);
  expect(different.stdout).toContain('remark 3: missing');
  const texts = [stopped, moved, different, occupied, plan].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  texts.push(readFileSync(report, 'utf8'), logOf(cluster));
  for (const text of texts) expect(text).not.toContain('zz-canary');
});

test('with --show-values the keys of rows are shown, which is how the test above could fail', async () => {
  const [database, source] = [await freshDatabase(), canarySource()];
  const ended = await runCli(['move', source, '--show-values'], { env: serverEnv(database) });
  expect(ended.status).toBe(3);
  expect(ended.stdout).toContain('zz-canary-key-8');
  // The value itself stays out even then.
  expect(ended.stdout).not.toContain('zz-canary-nul');
});
