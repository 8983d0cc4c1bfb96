import { printable } from '../core/printable.ts';
import { versionText } from '../migrate/dirty.ts';
import type { ForceReport } from '../migrate/force.ts';
import type { Plan } from '../migrate/migrate.ts';
import type { MigrateReport } from '../migrate/report.ts';
import type { StatusReport, StatusRow } from '../migrate/status.ts';

/** One sentence; each file was told when it had run. */
export function runText({ ran, version, target, schema, seconds, findings }: MigrateReport): string {
  const where = `${target}, schema ${schema}`;
  const files = ran.length === 1 ? '1 migration' : `${ran.length} migrations`;
  const done =
    ran.length === 0
      ? `Nothing to do: ${where} stands at version ${versionText(version)}.`
      : `${files} in ${seconds.toFixed(2)} s: ${where} stands at version ${versionText(version)}.`;
  return [done, ...findings.map(({ message }) => `  note: ${message}`)].join('\n');
}

/** The SQL that would run, for psql: what is ours stands in comments. */
export function planText({ steps, from, findings }: Plan): string {
  const notes = findings.map(({ message }) => comment(`note: ${message}`));
  if (steps.length === 0)
    return [comment(`Nothing would run: the database stands at version ${versionText(from)}.`), ...notes].join('\n');
  const files = steps.map(({ migration, direction, script, to, pasted }) => {
    const how = script.transactional ? 'one transaction' : 'no transaction';
    return `${comment(`${script.path}: ${direction} to version ${versionText(to)} (${migration.name}), ${how}`)}\n${pasted}\n`;
  });
  return [...notes, ...files].join('\n');
}

/** A path may hold anything, the end of a line too. */
function comment(text: string): string {
  return `-- ${printable(text)}`;
}

/** The same as data. */
export function planJson({ steps, from, findings }: Plan): unknown {
  return {
    from,
    findings,
    steps: steps.map(({ migration, direction, script, to }) => ({
      version: migration.version,
      name: migration.name,
      direction,
      to,
      path: script.path,
      transactional: script.transactional,
      sql: script.sql,
    })),
  };
}

/** What force changed. */
export function forceText({ target, schema, from, wasDirty, version, accepted, gone }: ForceReport): string {
  const before = `${versionText(from)}${wasDirty ? ', dirty' : ''}`;
  return [
    `${target}, schema ${schema}: version ${versionText(version)}, clean (before: ${before}). No migration was run.`,
    ...accepted.map((path) => `  taken as it is now: ${path}`),
    ...gone.map((name) => `  not missed any more: ${name}`),
  ].join('\n');
}

const marks: Readonly<Record<StatusRow['standing'], string>> = {
  applied: 'applied',
  changed: 'CHANGED',
  late: 'NEVER RAN',
  pending: 'pending',
  gone: 'GONE',
  running: 'running',
  stopped: 'STOPPED',
};

/** A line a migration, the state first. */
export function statusText(report: StatusReport): string {
  const { target, schema, version, dirty, run, repair, versionHasFile, migrations, findings } = report;
  const rows = migrations.map((row) => {
    const when =
      row.appliedAt === null
        ? ''
        : `  ${row.appliedAt.slice(0, 19)}  ${row.durationMs ?? 0} ms  ${row.appliedBy ?? ''}`;
    return `  ${marks[row.standing].padEnd(9)}  ${row.version}_${row.name}${when}`;
  });
  return [
    `${target}, schema ${schema}: version ${versionText(version)}${dirty ? ', DIRTY' : ''}.`,
    ...(run === null ? [] : [`  ${runLine(run)}`]),
    ...(repair === null ? [] : [`  ${repair}`]),
    ...(versionHasFile ? [] : [`  The folder has no file of version ${versionText(version)}.`]),
    ...rows,
    ...findings.map(({ message }) => `  note: ${message}`),
  ].join('\n');
}

function runLine({
  holder,
  version,
  name,
  direction,
  statement,
  statements,
  line,
  leftMs,
}: NonNullable<StatusReport['run']>): string {
  const file = `${version}_${name}.${direction}.sql, statement ${statement} of ${statements} (line ${line})`;
  return leftMs > 0 ? `${holder} runs ${file}.` : `Stopped in ${file}.`;
}
