import { expect, test } from 'vitest';
import { folderOf } from '../lint/lint-sql.ts';
import { runCli } from '../support/cli.ts';

const good = 'CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);';
const down = 'DROP TABLE visits;';

test('lint of clean files says so and ends with 0', async () => {
  const folder = folderOf([good], { 1: down });
  const { status, stdout } = await runCli(['migrate', 'lint', '--dir', folder]);
  expect([status, stdout]).toEqual([0, `Nothing found in 2 statements in 2 files of ${folder}.\n`]);
});

test('lint prints place, statement, reason and safe form of each finding, and ends with 1', async () => {
  const folder = folderOf([good, '\n  ALTER TABLE visits\n  DROP COLUMN at;'], { 1: down, 2: 'SELECT 1;' });
  const { status, stdout, stderr } = await runCli(['migrate', 'lint', '--dir', folder]);
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toContain(`${folder}/2_step.up.sql:2:3: error drop-column\n  ALTER TABLE visits\n  Programs that`);
  expect(stdout).toContain('  Safe:\n    -- when no program');
  expect(stdout).toMatch(/\n1 error, 0 warnings, 0 notes in 4 statements in 4 files of .+\.\n$/);
});

test('lint --json prints the same as JSON, alone on standard output', async () => {
  const folder = folderOf(['CREATE INDEX users_a ON users (a);'], { 1: 'DROP INDEX CONCURRENTLY users_a;' });
  const { status, stdout } = await runCli(['migrate', 'lint', '--dir', folder, '--json']);
  const report = JSON.parse(stdout) as {
    exitCode: number;
    counts: unknown;
    findings: { code: string; line: number }[];
  };
  expect([status, report.exitCode, report.counts]).toEqual([1, 1, { error: 2, warning: 0, note: 0 }]);
  expect(report.findings.map(({ code }) => code)).toEqual(['create-index-blocks', 'needs-no-transaction']);
});

test('lint --since judges the later files alone', async () => {
  const folder = folderOf(['DROP TABLE a;', good], { 1: 'SELECT 1;', 2: down });
  expect((await runCli(['migrate', 'lint', '--dir', folder])).status).toBe(1);
  expect((await runCli(['migrate', 'lint', '--dir', folder, '--since', '1'])).status).toBe(0);
});

test('lint --since of a version that no file has is refused by its name, and judges nothing', async () => {
  const folder = folderOf(['DROP TABLE a;'], { 1: 'SELECT 1;' });
  const { status, stdout, stderr } = await runCli(['migrate', 'lint', '--dir', folder, '--since', '7']);
  expect([status === 0, stdout]).toEqual([false, '']);
  expect(stderr).toMatch(/E_MIGRATION_MISSING.*\b7\b/s);
});

test.each([[['--since', 'last']], [['--fix']], [['file.sql']]])(
  'lint %j is wrong use, and ends with 2',
  async (more) => {
    expect((await runCli(['migrate', 'lint', ...more])).status).toBe(2);
  },
);

test('lint of a folder that is not there says so, and does not end with 0', async () => {
  const { status, stderr } = await runCli(['migrate', 'lint', '--dir', '/nowhere/at/all']);
  expect(status).not.toBe(0);
  expect(stderr).toContain('E_MIGRATION_FILES');
});
