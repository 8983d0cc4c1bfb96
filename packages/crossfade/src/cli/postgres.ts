import type { Command } from 'commander';
import { printable } from '../core/printable.ts';
import { embeddedStatus, startEmbedded, stopEmbedded } from '../pg/embedded/embedded.ts';
import type { Settle } from './options.ts';
import { terminal } from './terminal.ts';

/** `crossfade postgres start|stop|status`. */
export function postgresCommand(program: Command, settle: Settle): void {
  const postgres = program.command('postgres').description('the embedded server, which serves when no server is named');
  postgres
    .command('start')
    .description('start it; it goes on after this command')
    .option('--json', 'its status as JSON')
    .action(async (flags: { json?: boolean }) => {
      const server = await startEmbedded();
      if (flags.json === true) terminal.json(embeddedStatus());
      else terminal.say(`PostgreSQL runs at ${server.display}, process ${server.pid}, data in ${server.folder}.`);
      settle(0);
    });
  postgres
    .command('stop')
    .description('stop it; the data stays')
    .option('--json', 'its status as JSON')
    .action(async (flags: { json?: boolean }) => {
      const stopped = await stopEmbedded();
      if (flags.json === true) terminal.json(embeddedStatus());
      else terminal.say(stopped ? 'PostgreSQL has stopped. Its data stays.' : 'PostgreSQL was not running.');
      settle(0);
    });
  postgres
    .command('status')
    .description('say whether it runs (exit 0) or not (exit 1)')
    .option('--json', 'its status as JSON')
    .action((flags: { json?: boolean }) => {
      const status = embeddedStatus();
      if (flags.json === true) terminal.json(status);
      else
        terminal.say(
          Object.entries(status)
            .map(([name, value]) => `${name}: ${printable(String(value))}`)
            .join('\n'),
        );
      settle(status.running ? 0 : 1);
    });
}
