import { Argument, type Command } from 'commander';
import { printable } from '../core/printable.ts';
import type { MigrateOptions } from '../migrate/options.ts';
import { interrupted as interruption } from '../pg/failure.ts';
import { failureOf, knowing } from './failing.ts';
import { type MigrateEntry, migrateEntries, type Outcome } from './migrate-commands.ts';
import { knownOf, type MigrateFlags } from './migrate-options.ts';
import { migrateVerifyCommand } from './migrate-verify.ts';
import type { Settle } from './options.ts';
import { targetOrEmbedded } from './target.ts';
import { terminal } from './terminal.ts';

/** `crossfade migrate ...`: every command of the table. */
export function migrateCommand(program: Command, settle: Settle): void {
  const migrate = program.command('migrate').description('run numbered SQL files, safely under load');
  for (const entry of migrateEntries) add(migrate, entry, settle);
  migrateVerifyCommand(migrate, settle);
}

function add(migrate: Command, entry: MigrateEntry, settle: Settle): void {
  const command = migrate.command(entry.name).description(entry.description);
  if (entry.argument !== undefined) {
    const { name, meaning, parse } = entry.argument;
    command.addArgument(
      parse === undefined ? new Argument(name, meaning) : new Argument(name, meaning).argParser(parse),
    );
  }
  entry.options(command).action(async (...given: unknown[]) => {
    const flags = command.opts<MigrateFlags>();
    const argument = entry.argument === undefined ? undefined : given[0];
    settle(await show(flags, (place) => entry.run({ argument, flags, place })));
  });
}

/** JSON is the truth and text a view of it. */
async function show(
  flags: MigrateFlags,
  run: (place: () => Promise<MigrateOptions>) => Promise<Outcome> | Outcome,
): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(interruption('finish the migrations'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const known = knownOf(flags);
  try {
    return await knowing(
      (error) => ({ ...failureOf(error), ...known }),
      async () => {
        const { json, text, isSql, status } = await run(() => placeOf(flags, interrupted.signal, known));
        if (flags.json === true) terminal.json(json);
        else if (isSql === true) terminal.sql(text);
        else terminal.say(text);
        return status;
      },
      (error) => {
        // Such an error knows more than that somebody pressed Ctrl-C.
        const isTelling = error.code === 'E_INTERRUPTED' || error.facts.outcome === 'unknown';
        return interrupted.signal.aborted && !isTelling ? interruption('finish the migrations') : error;
      },
    );
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}

async function placeOf(flags: MigrateFlags, signal: AbortSignal, known: { target: string }): Promise<MigrateOptions> {
  const { dir, schema, waitTries, waitBackoff, lockTimeout } = flags;
  const target = await targetOrEmbedded({ ...flags, quiet: flags.json === true });
  known.target = target.display;
  return {
    folder: dir,
    target,
    ...(schema !== undefined && { schema }),
    ...(waitTries !== undefined && { waitTries }),
    ...(waitBackoff !== undefined && { waitBackoffMs: waitBackoff }),
    ...(lockTimeout !== undefined && { lockTimeoutMs: lockTimeout }),
    onNote: (line) => terminal.note(printable(line)),
    signal,
  };
}
