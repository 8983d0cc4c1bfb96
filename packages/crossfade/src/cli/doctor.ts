import type { Command } from 'commander';
import pc from 'picocolors';
import { doctor } from '../pg/doctor.ts';
import { embeddedStatus, startEmbedded } from '../pg/embedded/embedded.ts';
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
      const target = (await namedTarget(flags)) ?? (embeddedStatus().running ? await startEmbedded() : null);
      const findings = await doctor(target, { schema: flags.schema });
      if (flags.json === true) terminal.json(findings);
      else
        for (const { ok, area, what, fix } of findings)
          process.stdout.write(
            `${marks[ok]}  ${area}: ${what}${ok === 'ok' || fix === undefined ? '' : `\n      ${fix}`}\n`,
          );
      settle(findings.some(({ ok }) => ok === 'bad') ? 1 : 0);
    });
}
