import type { Command } from 'commander';
import { shown } from '../core/printable.ts';
import { errorReport } from '../move/build-report.ts';
import { verify, type VerifyOptions, type VerifyReport } from '../move/verify.ts';
import { inspectSource } from '../move/source.ts';
import { sourceName } from '../staging/source-name.ts';
import { knowing } from './failing.ts';
import { interruptible } from './interruptible.ts';
import { addBothSides, type Settle, sourceHelp } from './options.ts';
import { type TargetOptions, targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

type Flags = TargetOptions & Omit<VerifyOptions, 'source' | 'target' | 'rules'> & { rule?: string[]; json?: boolean };

/** `crossfade verify SOURCE --to URL`. */
export function verifyCommand(program: Command, settle: Settle): void {
  const command = program
    .command('verify')
    .argument('<source>', sourceHelp)
    .description('compare every value of a source with the tables in PostgreSQL; writes nothing');
  addBothSides(command)
    .option('--quarantine <file>', 'the list of withheld rows of the move: those are expected to be absent')
    .option('--json', 'print the result as JSON, alone on standard output')
    .action(async (source: string, flags: Flags) => settle(await runVerify(sourceName(source), flags)));
}

function runVerify(source: string, { rule, ...flags }: Flags): Promise<number> {
  const known = { source, target: '', schema: flags.schema ?? 'public' };
  return knowing(
    (error): VerifyReport => ({
      verdict: 'failed',
      exitCode: error.exitCode,
      ...known,
      tables: [],
      differences: [],
      error: errorReport(error),
    }),
    async () => {
      const target = await targetOrEmbedded({ ...flags, quiet: flags.json === true }, async () => {
        if (flags.quarantine !== undefined) (await import('../move/read-rejects.ts')).readRejects(flags.quarantine);
        await inspectSource(source);
      });
      known.target = target.display;
      const report = await interruptible((signal) => verify({ ...flags, source, target, rules: rule ?? [], signal }));
      if (flags.json === true) terminal.json(report);
      else terminal.say(verifyText(shown(report)));
      return report.exitCode;
    },
  );
}

function verifyText(report: VerifyReport): string {
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  const where = `${report.target}, schema ${report.schema}`;
  const withheld = report.tables.reduce((sum, table) => sum + table.withheld, 0);
  const count = (n: number): string => n.toLocaleString('en-US');
  const but = withheld === 0 ? '' : `; of the rows that are listed as withheld (${count(withheld)}) none is there`;
  if (report.verdict === 'equal')
    return `Equal: all ${withheld === 0 ? '' : 'other '}${count(rows)} rows of ${report.tables.length} tables of ${report.source} stand in ${where}${but}.`;
  const lines = report.tables.flatMap((table) => {
    if (table.missing !== null) return [`  ${table.source}: ${table.missing}`];
    return table.different === 0
      ? []
      : [
          `  ${table.source}: ${table.exact ? '' : 'at least '}${table.different.toLocaleString('en-US')} of ${table.rows.toLocaleString('en-US')} rows differ`,
        ];
  });
  const named = report.differences
    .slice(0, 50)
    .map(
      (row) => `  ${row.table} ${row.key}: ${row.kind}${row.columns.length > 0 ? ` in ${row.columns.join(', ')}` : ''}`,
    );
  return [`Different: ${report.source} and ${where}. Nothing was changed.`, ...lines, ...named].join('\n');
}
