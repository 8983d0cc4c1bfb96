import type { Command } from 'commander';
import { shown } from '../core/printable.ts';
import { probePrivate, replacePrivate } from '../move/private-file.ts';
import { readRejects } from '../move/read-rejects.ts';
import { interruption, retry, type RetryOptions } from '../move/retry.ts';
import { failedRetry, type RetryReport } from '../move/retry-report.ts';
import { inspectSource } from '../move/source.ts';
import { sourceName } from '../staging/source-name.ts';
import { knowing } from './failing.ts';
import { addTarget, collect, count, ruleHelp, schemaName, type Settle } from './options.ts';
import { type TargetOptions, targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

type Flags = TargetOptions &
  Omit<RetryOptions, 'rejects' | 'source' | 'target' | 'rules'> & { rule?: string[]; report?: string; json?: boolean };

/** `crossfade retry REJECTS [SOURCE]`. */
export function retryCommand(program: Command, settle: Settle): void {
  const command = program
    .command('retry')
    .argument('<rejects>', 'the list of withheld rows that a move has written')
    .argument('[source]', 'the SQLite file, where it is not where it was')
    .description('move the rows that were withheld, once they are mended; overwrites nothing');
  addTarget(command)
    .option('--schema <name>', 'schema of the tables (default: that of the move)', schemaName)
    .option('--rule <rule>', ruleHelp, collect)
    .option('--plan <file>', 'names and rules of an edited plan, in place of those of the move')
    .option('--jobs <n>', "threads, each with a connection (default: the machine's cores, at most 4)", count)
    .option('--show-values', 'show text keys in plain')
    .option('--report <file>', 'write the report as JSON, readable by its owner alone')
    .option('--json', 'print the report as JSON, alone on standard output')
    .option('--quiet', 'no report but in case of failure')
    .action(async (rejects: string, source: string | undefined, flags: Flags) =>
      settle(await runRetry(rejects, source, flags)),
    );
}

async function runRetry(rejects: string, named: string | undefined, flags: Flags): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(interruption());
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const source = named === undefined ? undefined : sourceName(named);
  const known = { source: source ?? '', target: '', schema: flags.schema ?? '' };
  const nothing = { warnings: [], quarantineFile: null, seconds: { total: 0 } };
  try {
    return await knowing(
      (error) => failedRetry({ ...known, ...nothing }, error),
      async () => {
        if (flags.report !== undefined) probePrivate(flags.report);
        const target = await targetOrEmbedded({ ...flags, quiet: flags.quiet === true || flags.json === true }, () =>
          inspectSource(source ?? readRejects(rejects).head.source),
        );
        known.target = target.display;
        const { rule, ...rest } = flags;
        const place = source === undefined ? { rejects } : { rejects, source };
        const report = await retry({
          ...rest,
          ...place,
          target,
          rules: rule ?? [],
          signal: interrupted.signal,
          onList: (head) => Object.assign(known, head),
        });
        if (flags.report !== undefined) replacePrivate(flags.report, `${JSON.stringify(report, null, 2)}\n`);
        if (flags.json === true) terminal.json(report);
        else if (flags.quiet !== true || report.exitCode !== 0) terminal.say(retryText(shown(report)));
        return report.exitCode;
      },
    );
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}

const many = (n: number): string => n.toLocaleString('en-US');

function retryText(report: RetryReport): string {
  const sum = (of: 'loaded' | 'present' | 'rejected' | 'altered') =>
    report.tables.reduce((total, table) => total + table[of], 0);
  const where = `${report.target}, schema ${report.schema}`;
  const already = sum('present') === 0 ? '' : ` ${many(sum('present'))} stood there already, with equal values.`;
  const head =
    report.verdict === 'equal'
      ? `Equal: all ${many(report.rows)} listed rows of ${report.source} stand in ${where}, and every value was compared.${already} The list is empty.`
      : `Accounted: of ${many(report.rows)} listed rows of ${report.source}, ${many(sum('loaded'))} were inserted into ${where} and compared, value by value, ${many(sum('altered'))} values were altered by named rules, and ${many(sum('rejected'))} rows stay in ${report.quarantineFile}.${already}`;
  const rest = report.badValues.map(({ table, column, count: rows, code, firstKey, fix }) => {
    const place = column === '' ? table : `${table}.${column}`;
    return `  ${place}: ${many(rows)} × ${code}, first at ${firstKey}\n    fix: ${fix}`;
  });
  const sections = [
    head,
    rest.length === 0 ? '' : ['Still in the list:', ...rest].join('\n'),
    report.warnings.length === 0 ? '' : ['Warnings:', ...report.warnings.map((warning) => `  ${warning}`)].join('\n'),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}
