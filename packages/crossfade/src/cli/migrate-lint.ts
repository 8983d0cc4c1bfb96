import { type Command, InvalidArgumentError } from 'commander';
import { readMigrations } from '../migrate/files.ts';
import { lint, type LintReport } from '../migrate/lint/lint.ts';
import type { LintFinding } from '../migrate/lint/model.ts';
import type { Settle } from './options.ts';
import { terminal } from './terminal.ts';

interface Flags {
  readonly dir: string;
  readonly since?: bigint;
  readonly json?: boolean;
}

/** `crossfade migrate lint`: asks no database, and ends with 1 when there is an error or a warning. */
export function lintCommand(migrate: Command, settle: Settle): void {
  migrate
    .command('lint')
    .description('find what blocks or breaks a running service in the migrations; asks no database')
    .option('--dir <folder>', 'the folder with the migrations', 'migrations')
    .option('--since <version>', 'the version that the database is at: judge what comes after it', version)
    .option('--json', 'print the result as JSON, alone on standard output')
    .action(async ({ dir, since, json }: Flags) => {
      const report = await lint(readMigrations(dir), since === undefined ? {} : { since });
      if (json === true) terminal.json(report);
      else terminal.say(lintText(report));
      settle(report.exitCode);
    });
}

function version(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('It is the number at the head of a file’s name.');
  return BigInt(text);
}

/** The report for reading: one paragraph a finding, and the sum below. */
export function lintText(report: LintReport): string {
  const { error, warning, note } = report.counts;
  const looked = `${counted(report.statements, 'statement')} in ${counted(report.files, 'file')} of ${report.folder}`;
  if (report.findings.length === 0) return `Nothing found in ${looked}.`;
  const sum = [counted(error, 'error'), counted(warning, 'warning'), counted(note, 'note')].join(', ');
  return [...report.findings.map(findingText), `${sum} in ${looked}.`].join('\n\n');
}

function findingText({ code, severity, path, line, column, statement, reason, safe }: LintFinding): string {
  const head = `${path}:${line}:${column}: ${severity} ${code}`;
  const said = statement === '' ? [] : [`  ${statement}`];
  return [head, ...said, `  ${reason}`, '  Safe:', ...safe.split('\n').map((each) => `    ${each}`)].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
