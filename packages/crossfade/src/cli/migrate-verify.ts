import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { printable, shown } from '../core/printable.ts';
import type { Way } from '../migrate/drift/fit.ts';
import { findingLines, type Line } from '../migrate/drift/text.ts';
import { type DriftReport, verifySchema } from '../migrate/drift/verify.ts';
import { failureOf, knowing } from './failing.ts';
import { knownOf } from './migrate-options.ts';
import { addSchema, addTarget, type Settle } from './options.ts';
import { type TargetOptions, targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

interface Flags extends TargetOptions {
  readonly dir: string;
  readonly schema: string;
  readonly build: Way | 'auto';
  readonly privileges?: boolean;
  readonly json?: boolean;
}

/** `crossfade migrate verify`: exit 0 equal, 1 drift. */
export function migrateVerifyCommand(migrate: Command, settle: Settle): void {
  const command = migrate
    .command('verify')
    .description(
      'compare the live schema with the one that the files make; changes nothing, prints the difference as SQL',
    );
  addSchema(addTarget(command))
    .option('--dir <folder>', 'folder of the migrations', './migrations')
    .addOption(
      new Option('--build <where>', 'run the files in a throwaway database, or in a schema that is rolled back')
        .choices(['auto', 'database', 'schema'])
        .default('auto'),
    )
    .option('--privileges', 'compare owners and grants as well')
    .option('--json', 'print the findings as JSON, alone on standard output')
    .action(async (flags: Flags) => settle(await run(flags)));
}

async function run({ dir, json, ...flags }: Flags): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const known = knownOf({ dir, schema: flags.schema });
  try {
    return await knowing(
      (error) => ({ ...failureOf(error), ...known }),
      async () => {
        const target = await targetOrEmbedded({ ...flags, quiet: json === true });
        known.target = target.display;
        const { schema, build, privileges = false } = flags;
        const report = await verifySchema({ target, folder: dir, schema, build, privileges, signal: stop.signal });
        if (json === true) terminal.json(report);
        else print(report);
        return report.exitCode;
      },
    );
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}

const tones: Readonly<Record<Line['tone'], (text: string) => string>> = {
  plain: (text) => text,
  missing: pc.green,
  extra: pc.red,
  quiet: pc.dim,
};

function print(report: DriftReport): void {
  for (const { path, line, why } of shown(report.passedOver)) terminal.note(`${path}:${line} was passed over: ${why}.`);
  for (const name of shown(report.leftovers))
    terminal.note(`A killed run has left the database ${name}, which this role may not drop: DROP DATABASE ${name};`);
  const place = printable(`schema ${report.schemaSql} of ${report.target}`);
  const files = printable(`the files of ${report.folder} up to version ${report.version ?? 'none'}`);
  if (report.verdict === 'equal') return terminal.say(`Equal: ${place} is what ${files} make.`);
  const count = report.findings.length;
  terminal.say(
    `-- ${count} ${count === 1 ? 'difference' : 'differences'} between ${place} and ${files}. Nothing was changed.`,
  );
  // Colour on a terminal alone; there control characters out of names are shown, and in a file the SQL stays exact.
  const terminalOut = process.stdout.isTTY;
  for (const { text, tone } of findingLines(report.findings, report.schemaSql))
    process.stdout.write(`${terminalOut ? tones[tone](printable(text)) : text}\n`);
}
