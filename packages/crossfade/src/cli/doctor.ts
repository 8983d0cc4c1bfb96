import type { Command } from 'commander';
import pc from 'picocolors';
import { shown } from '../core/printable.ts';
import { doctor, type Finding } from '../pg/doctor.ts';
import { embeddedStatus, startEmbedded } from '../pg/embedded/embedded.ts';
import { failureOf, knowing } from './failing.ts';
import { addSchema, addTarget, type Settle } from './options.ts';
import { namedTarget, type TargetOptions } from './target.ts';
import { terminal } from './terminal.ts';

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), bad: pc.red('bad ') };

/** `crossfade doctor`: exit 1 when something found is bad. */
export function doctorCommand(program: Command, settle: Settle): void {
  const command = program
    .command('doctor')
    .description('look at Node, SQLite and the server: version, TLS, rights, settings that lose data');
  addSchema(addTarget(command))
    .option('--json', 'as JSON')
    .action(async (flags: TargetOptions & { schema: string; json?: boolean }) => {
      const findings = await look(flags);
      if (flags.json === true) terminal.json(findings);
      // The marks bring their colours, and `terminal` would take them for something out of a name.
      else
        for (const { ok, area, what, fix } of shown(findings))
          process.stdout.write(
            `${marks[ok]}  ${area}: ${what}${ok === 'ok' || fix === undefined ? '' : `\n      ${fix}`}\n`,
          );
      settle(findings.some(({ ok }) => ok === 'bad') ? 1 : 0);
    });
}

function look(flags: TargetOptions & { schema: string }): Promise<Finding[]> {
  const known = { target: '', schema: flags.schema };
  return knowing(
    (error) => ({ ...failureOf(error), ...known, findings: [] }),
    async () => {
      const target = (await namedTarget(flags)) ?? (embeddedStatus().running ? await startEmbedded() : null);
      known.target = target?.display ?? '';
      return doctor(target, { schema: flags.schema });
    },
  );
}
