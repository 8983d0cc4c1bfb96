import type { Command } from 'commander';
import { shown } from '../core/printable.ts';
import { readMigrations } from '../migrate/files.ts';
import { lint, type LintReport } from '../migrate/lint/lint.ts';
import type { LintFinding } from '../migrate/lint/model.ts';
import { addFolder, version } from './migrate-options.ts';

/** What `crossfade migrate lint` takes. */
export function addLint(command: Command): Command {
  return addFolder(command).option(
    '--since <version>',
    'the version that the database is at: judge what comes after it',
    version,
  );
}

/**
 * `crossfade migrate lint`: asks no database, and ends with 1 when there is an error or a warning.
 *
 * @throws CrossfadeError E_MIGRATION_FILES
 */
export async function lintFolder(
  folder: string,
  since?: bigint,
): Promise<{ json: LintReport; text: string; status: 0 | 1 }> {
  const report = await lint(readMigrations(folder), since === undefined ? {} : { since });
  return { json: report, text: lintText({ ...report, folder: shown(report.folder) }), status: report.exitCode };
}

/** The report for reading: one paragraph a finding, and the sum below. */
function lintText(report: LintReport): string {
  const { error, warning, note } = report.counts;
  const looked = `${counted(report.statements, 'statement')} in ${counted(report.files, 'file')} of ${report.folder}`;
  if (report.findings.length === 0) return `Nothing found in ${looked}.`;
  const sum = [counted(error, 'error'), counted(warning, 'warning'), counted(note, 'note')].join(', ');
  return [...report.findings.map(findingText), `${sum} in ${looked}.`].join('\n\n');
}

/** The safe way is SQL of several lines. */
function findingText({ safe, ...finding }: LintFinding): string {
  const { code, severity, path, line, column, statement, reason } = shown(finding);
  const head = `${path}:${line}:${column}: ${severity} ${code}`;
  const said = statement === '' ? [] : [`  ${statement}`];
  return [head, ...said, `  ${reason}`, '  Safe:', ...safe.split('\n').map((each) => `    ${each}`)].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
