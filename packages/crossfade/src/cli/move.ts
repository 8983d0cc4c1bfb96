import type { Command } from 'commander';
import { Option } from 'commander';
import { CrossfadeError } from '../core/errors.ts';
import { shown } from '../core/printable.ts';
import { errorReport, failedReport } from '../move/build-report.ts';
import { interruption, move } from '../move/move.ts';
import type { MoveOptions } from '../move/options.ts';
import type { Report } from '../move/report.ts';
import { probePrivate, replacePrivate } from '../move/private-file.ts';
import { refuseIdleLimit } from '../move/withholding.ts';
import { inspectSource } from '../move/source.ts';
import { sourceName } from '../staging/source-name.ts';
import { knowing } from './failing.ts';
import { addBothSides, addTypes, rowCount, type Settle, sourceHelp } from './options.ts';
import { progressView } from './progress.ts';
import { reportText } from './report-text.ts';
import { type TargetOptions, targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

type Flags = TargetOptions &
  Omit<MoveOptions, 'source' | 'target' | 'rules'> & { rule?: string[]; report?: string; json?: boolean };

/** `crossfade move SOURCE`. */
export function moveCommand(program: Command, settle: Settle): void {
  const command = program
    .command('move')
    .argument('<source>', sourceHelp)
    .description('move a SQLite file, JSON, or a base of NocoDB, into PostgreSQL and verify every value');
  addTypes(addBothSides(command))
    .addOption(
      new Option('--bad-values <policy>', 'stop before anything is written, or withhold the rows')
        .choices(['stop', 'quarantine'])
        .default('stop'),
    )
    .option(
      '--reject-limit <n>',
      'with quarantine: rows of each table that may be withheld; with more, nothing is published (default: no limit)',
      rowCount,
    )
    .option('--dry-run', 'look at every value and at the target, and write nothing')
    .option('--restart', 'throw away what an interrupted run has built')
    .option('--report <file>', 'write the report as JSON, readable by its owner alone')
    .option('--json', 'print the report as JSON, alone on standard output')
    .option('--quiet', 'no progress, no report but in case of failure')
    .action(async (source: string, flags: Flags) => settle(await runMove(source, flags)));
}

/** What is known of a move when an error ends it. */
interface Known {
  target: string;
  report: Report | null;
}

function runMove(source: string, flags: Flags): Promise<number> {
  const path = sourceName(source);
  const known: Known = { target: '', report: null };
  // What the run knew, or what the command line tells where it never began.
  const document = (error: CrossfadeError): Report => ({
    ...(known.report ?? failedReport({ source: path, target: known.target, schema: flags.schema ?? 'public' }, error)),
    exitCode: error.exitCode,
    error: errorReport(error),
  });
  return knowing(document, () => moveInterruptibly(path, flags, known));
}

async function moveInterruptibly(source: string, flags: Flags, known: Known): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(interruption());
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const view = await progressView(flags.quiet === true || flags.json === true);
  let handed: Report | null = null;
  const hand = (report: Report): void => {
    view.stop();
    if (flags.report !== undefined) replacePrivate(flags.report, `${JSON.stringify(report, null, 2)}\n`);
    if (flags.json === true) terminal.json(report);
    else if (flags.quiet !== true || report.exitCode !== 0) terminal.say(reportText(shown(report)));
    handed = report;
  };
  try {
    if (flags.report !== undefined) probePrivate(flags.report);
    const target = await targetOrEmbedded(flags, async () => {
      refuseIdleLimit(flags);
      await inspectSource(source);
    });
    known.target = target.display;
    const { rule, ...rest } = flags;
    const report = await move({
      ...rest,
      source,
      target,
      rules: rule ?? [],
      signal: interrupted.signal,
      onProgress: (progress) => view.show(progress),
      onPublished: hand,
      onFailed: (failed) => {
        known.report = failed;
      },
    });
    if (handed === null) hand(report);
    return report.exitCode;
  } catch (error) {
    view.stop();
    // The report is out and the tables stand: what failed was to clean up, which the next run does.
    if (handed !== null) return (handed as Report).exitCode;
    const isUnknown = error instanceof CrossfadeError && error.facts.outcome === 'unknown';
    throw interrupted.signal.aborted && !isUnknown ? interrupted.signal.reason : error;
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}
