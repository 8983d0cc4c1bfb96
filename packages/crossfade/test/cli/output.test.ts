import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CrossfadeError, ExitCode } from '../../src/core/errors.ts';
import { move } from '../../src/move/move.ts';
import type { Report, Verdict } from '../../src/move/report.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { moveJson, reportOf } from '../support/moves.ts';
import { addUnheldRow, smallSource } from '../support/sources.ts';
import { publishedTables } from '../support/traces.ts';

/** As issue and reference list them; a key more would be a promise that nobody made. */
const keys = {
  report:
    'badValues bytes constraints differences error exitCode notMoved quarantineFile rows schema seconds source tables target verdict warnings',
  seconds: 'create index load profile total verify',
  table: 'altered columns loaded rejected rows source target verified',
  column: 'source target type why',
  constraints: 'created notCreated',
  badValue: 'code column count firstKey fix table',
};

function keysOf(part: object | undefined): string {
  return Object.keys(part as object)
    .sort()
    .join(' ');
}

function hardSource(): string {
  const source = smallSource();
  addUnheldRow(source);
  return source;
}

const cases: readonly [ExitCode, Verdict, string, () => string, string[]][] = [
  [0, 'equal', 'everything is held', smallSource, []],
  [0, 'planned', 'a dry run', smallSource, ['--dry-run']],
  [3, 'stopped', 'a value cannot be held', hardSource, []],
  [4, 'accounted', 'its row is withheld', hardSource, ['--bad-values', 'quarantine']],
  [4, 'accounted', 'a rule changes it', hardSource, ['--rule', 'person.note=nul:strip']],
  [1, 'failed', 'the schema is taken by a table', smallSource, ['--schema', 'taken']],
];

test.each(cases)(
  'exit %i, %s: when %s, --json prints the report alone, and the report says so',
  async (status, verdict, _, build, args) => {
    const [database, source] = [await freshDatabase(), build()];
    await database.query('create schema taken; create table taken.visit (id int); insert into taken.visit values (1)');
    const ended = await moveJson(source, database, ...args);
    const report = reportOf(ended);
    expect({ status: ended.status, verdict: report.verdict, exitCode: report.exitCode }).toEqual({
      status,
      verdict,
      exitCode: status,
    });
    expect(keysOf(report)).toBe(keys.report);
    expect(keysOf(report.seconds)).toBe(keys.seconds);
    expect(keysOf(report.constraints)).toBe(keys.constraints);
    expect(report.target).not.toContain(database.password);
    expect(report.source).toBe(source);
    for (const table of report.tables) {
      expect([keysOf(table), ...table.columns.map(keysOf)]).toEqual([
        keys.table,
        ...table.columns.map(() => keys.column),
      ]);
    }
    for (const bad of report.badValues) expect(keysOf(bad)).toBe(keys.badValue);
    expect(await publishedTables(database)).toHaveLength(verdict === 'equal' || verdict === 'accounted' ? 4 : 0);
    expect(report.error === null).toBe(verdict !== 'failed');
    // Nothing beside it, for a program reads stdout and stderr is for people; a failure is told to both.
    expect(ended.stderr === '').toBe(verdict !== 'failed');
  },
);

test('a run by wrong use, which never begins, prints a report too where the options can be read', async () => {
  const ended = await moveJson(smallSource(), await freshDatabase(), '--only', 'nope');
  expect(reportOf(ended)).toMatchObject({ verdict: 'failed', exitCode: 2, error: { code: 'E_USAGE' } });
  expect(ended.status).toBe(2);
});

test('rows = loaded + rejected, and verified = loaded, in every table of a report that is accounted for', async () => {
  const report = reportOf(await moveJson(hardSource(), await freshDatabase(), '--bad-values', 'quarantine'));
  expect(report.tables.map(({ rows, loaded, rejected }) => rows - loaded - rejected)).toEqual([0, 0, 0, 0]);
  expect(report.tables.map(({ loaded, verified }) => loaded - verified)).toEqual([0, 0, 0, 0]);
  expect(report.badValues).toEqual([
    expect.objectContaining({ table: 'person', column: 'note', code: 'E_TEXT_NUL', count: 1, firstKey: 'rowid 9000' }),
  ]);
  expect(report.notMoved).toEqual([expect.objectContaining({ kind: 'view', name: 'people' })]);
});

test('--report writes what --json prints, for its owner alone, and replaces a link rather than what it leads to', async () => {
  const [database, folder] = [await freshDatabase(), tempFolder()];
  const [path, precious] = [join(folder, 'report.json'), join(folder, 'precious')];
  writeFileSync(precious, 'mine');
  symlinkSync(precious, path);
  const ended = await moveJson(smallSource(), database, '--report', path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(reportOf(ended));
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  expect(readFileSync(precious, 'utf8')).toBe('mine');
  expect(readdirSync(folder).sort()).toEqual(['precious', 'report.json']);
});

test('--report is written for a run that fails, too', async () => {
  const path = join(tempFolder(), 'report.json');
  const env = serverEnv(await freshDatabase());
  const ended = await runCli(['move', 'nowhere.db', '--report', path], { env });
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  expect([ended.status, report.exitCode, report.error?.code]).toEqual([1, 1, 'E_SOURCE_MISSING']);
});

test('--quiet prints nothing when all is well, and what is wrong when it is not', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const run = () => runCli(['move', source, '--quiet'], { env: serverEnv(database) });
  expect(await run()).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
  const again = await run();
  expect([again.status, again.stdout]).toEqual([1, '']);
  expect(again.stderr).toMatch(/^E_TARGET_NOT_EMPTY: .+\n$/);
});

test('without a terminal there is one plain line a table and phase, and the report in words', async () => {
  const ended = await runCli(['move', smallSource()], { env: serverEnv(await freshDatabase()) });
  expect(ended.status).toBe(0);
  const phases = ['profile', 'load', 'index', 'verify'];
  const wanted = phases.flatMap((phase) => [`${phase} person: 60 rows`, `${phase} visit: 200 rows`]);
  expect(ended.stderr.trim().split('\n')).toEqual(expect.arrayContaining(wanted));
  expect(ended.stderr + ended.stdout).not.toContain('\u001b');
  expect(ended.stdout).toMatch(/^Equal: all 310 rows of .+ every value was compared\.\n/);
});

test('withheld rows are listed in a new file of the owner alone: table, key, column and code, never a value', async () => {
  const cwd = tempFolder();
  const ended = await runCli(['move', hardSource(), '--json', '--bad-values', 'quarantine'], {
    cwd,
    env: serverEnv(await freshDatabase()),
  });
  const [name, ...others] = readdirSync(cwd);
  expect(others).toEqual([]);
  const path = join(cwd, name);
  expect(reportOf(ended).quarantineFile).toBe(path);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  const [head, ...rows] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(head).toMatchObject({
    crossfadeRejects: 1,
    schema: 'public',
    tables: [{ source: 'person', target: 'person', key: ['rowid'] }],
  });
  expect(rows).toEqual([{ table: 'person', key: '9000', column: 'note', code: 'E_TEXT_NUL' }]);
});

test('a file that is already there is not taken for the list of withheld rows, and then nothing is published', async () => {
  const [database, folder] = [await freshDatabase(), tempFolder()];
  const { query: _query, drop: _drop, ...target } = database;
  const quarantineFile = join(folder, 'withheld.jsonl');
  symlinkSync(join(folder, 'elsewhere'), quarantineFile);
  const refused = await move({ source: hardSource(), target, badValues: 'quarantine', quarantineFile }).catch(
    (error: CrossfadeError) => error,
  );
  expect(refused).toMatchObject({ code: 'E_REPORT_UNWRITABLE' });
  expect(readdirSync(folder)).toEqual(['withheld.jsonl']);
  expect(await publishedTables(database)).toEqual([]);
});
