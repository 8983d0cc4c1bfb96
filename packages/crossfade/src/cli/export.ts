import type { Command } from 'commander';
import { shown } from '../core/printable.ts';
import { exportSchema } from '../export/export.ts';
import type { ExportReport } from '../export/exported.ts';
import { placeOf, refuseTaken } from '../export/place.ts';
import { errorReport } from '../move/build-report.ts';
import { knowing } from './failing.ts';
import { interruptible } from './interruptible.ts';
import { addSchema, list, type Settle } from './options.ts';
import { targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

interface Flags {
  readonly from?: string;
  readonly passwordStdin?: boolean;
  readonly to: string;
  readonly schema: string;
  readonly only?: string[];
  readonly except?: string[];
  readonly json?: boolean;
}

/** `crossfade export --from URL --to PLACE`. */
export function exportCommand(program: Command, settle: Settle): void {
  const command = program
    .command('export')
    .description(
      'copy a schema of PostgreSQL into a new SQLite file, folder of documents or JSON file, and compare every value',
    )
    .option(
      '--from <url>',
      'PostgreSQL, postgres://user@host/database, without the password (else DATABASE_URL, the libpq variables, or the embedded server)',
    )
    .option('--password-stdin', 'read the password from standard input')
    .requiredOption('--to <place>', 'sqlite:FILE, files:FOLDER or json:FILE; nothing may stand there');
  addSchema(command)
    .option('--only <tables>', 'these tables alone, separated by commas', list)
    .option('--except <tables>', 'all tables but these', list)
    .option('--json', 'print the report as JSON, alone on standard output')
    .action(async (flags: Flags) => settle(await runExport(flags)));
}

function runExport({ from, to, json, passwordStdin, ...flags }: Flags): Promise<number> {
  const known = { source: '', target: to, schema: flags.schema };
  const document = (error: Parameters<typeof errorReport>[0]): ExportReport => ({
    verdict: 'failed',
    exitCode: error.exitCode,
    ...known,
    rows: 0,
    tables: [],
    notTranslated: [],
    notMoved: [],
    warnings: [],
    error: errorReport(error),
  });
  return knowing(document, async () => {
    const check = (): void => refuseTaken(placeOf(to));
    check();
    const named = {
      ...(from === undefined ? {} : { to: from }),
      ...(passwordStdin === undefined ? {} : { passwordStdin }),
    };
    const source = await targetOrEmbedded({ ...named, quiet: json === true }, check);
    known.source = source.display;
    const report = await interruptible((signal) => exportSchema({ ...flags, from: source, to, signal }));
    if (json === true) terminal.json(report);
    else terminal.say(exportText(shown(report)));
    return report.exitCode;
  });
}

function exportText(report: ExportReport): string {
  const count = (n: number): string => n.toLocaleString('en-US');
  const noted = report.tables.flatMap((table) =>
    table.columns.flatMap(({ source, type, note }) =>
      note === null ? [] : [`  ${table.source}.${source}, ${type}: ${note}`],
    ),
  );
  const sections: [string, readonly string[]][] = [
    ['Said otherwise than PostgreSQL says it', noted],
    ['Not translated', report.notTranslated.map(({ what, why }) => `  ${what}: ${why}`)],
    ['Not copied', report.notMoved.map(({ kind, name, why }) => `  ${kind} ${name}: ${why}`)],
    ['Warnings', report.warnings.map((text) => `  ${text}`)],
  ];
  return [
    `Equal: all ${count(report.rows)} rows of ${report.tables.length} tables of ${report.source}, schema ${report.schema}, stand in ${report.target}, and every value was compared.`,
    ...sections.flatMap(([title, lines]) => (lines.length === 0 ? [] : ['', `${title}:`, ...lines])),
  ].join('\n');
}
