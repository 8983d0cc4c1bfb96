import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { expectOneMessage, moveJson, reportOf } from '../support/moves.ts';
import { sourceFile } from '../support/sources.ts';
import { loadSchemas, publishedTables } from '../support/traces.ts';

/** Three rows of t that cannot be held, by two columns; two of them show in column a. One of u. */
function badRows(): string {
  return sourceFile(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)',
    'CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT)',
    "INSERT INTO t VALUES (1, char(0), 'x'), (2, char(0), char(0)), (3, 'x', char(0)), (4, 'x', 'x')",
    "INSERT INTO u VALUES (1, char(0)), (2, 'x')",
  );
}

test.each([
  ['what the profile knows', 1, 'at least 2', 2, []],
  ['what the profile knows, in a dry run', 1, 'at least 2', 2, ['--dry-run']],
  ['what the load has counted', 2, '3', 3, []],
])(
  'more rows than the limit stop the run by %s: exit 3, and nothing is left behind',
  async (_, limit, said, rows, more) => {
    const [database, cwd] = [await freshDatabase(), tempFolder()];
    const args = ['move', badRows(), '--json', '--bad-values', 'quarantine', '--reject-limit', String(limit), ...more];
    const ended = await runCli(args, { cwd, env: serverEnv(database) });
    expect([ended.status, ended.stderr]).toEqual([3, '']);
    const report = reportOf(ended);
    expect(report).toMatchObject({
      verdict: 'stopped',
      exitCode: 3,
      quarantineFile: null,
      error: { code: 'E_REJECT_LIMIT', facts: { table: 't', rows, limit } },
    });
    expect(report.error?.message).toMatch(
      new RegExp(`Table t has ${said} rows .*--reject-limit allows ${limit}\\. Nothing`),
    );
    expect(report.badValues.length).toBeGreaterThan(0);
    expect([await publishedTables(database), await loadSchemas(database), readdirSync(cwd)]).toEqual([[], [], []]);
  },
);

test('the text names table and count, and a limit that is just enough, for each table by itself, lets the run end', async () => {
  const [database, source] = [await freshDatabase(), badRows()];
  const run = (limit: string) =>
    runCli(['move', source, '--bad-values', 'quarantine', '--reject-limit', limit], { env: serverEnv(database) });
  const stopped = await run('0');
  expect(stopped.status).toBe(3);
  expect(stopped.stdout).toMatch(/^Stopped: Table t has at least 2 rows that would be withheld/);
  const ended = await run('3');
  expect(ended.status).toBe(4);
  expect(await publishedTables(database)).toEqual(['t', 'u']);
});

test('a limit without quarantine, or one that is no number, is wrong use', async () => {
  const database = await freshDatabase();
  const idle = await moveJson(badRows(), database, '--reject-limit', '5');
  expect(expectOneMessage(idle, 'E_USAGE', 2)).toMatch(/--bad-values quarantine/);
  for (const wrong of ['-1', 'many', '1.5', '']) {
    const ended = await moveJson(badRows(), database, '--bad-values', 'quarantine', '--reject-limit', wrong);
    expect(ended.status).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({ verdict: 'failed', exitCode: 2, error: { code: 'E_USAGE' } });
  }
});
