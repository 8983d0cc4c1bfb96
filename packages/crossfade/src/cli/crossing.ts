import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { Operator } from '../control/operator.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { Ledger } from '../ledger/contract.ts';
import { openExisting } from '../ledger/postgres/open.ts';
import { type CrossingFlags, type CrossingVerb, crossingVerbs } from './crossing-verbs.ts';
import { failureOf, knowing } from './failing.ts';
import { duration } from './migrate-options.ts';
import { addTarget, type Settle } from './options.ts';
import { namedTarget } from './target.ts';
import { terminal } from './terminal.ts';

/** The command of one verb of a crossing, as `crossfade advance`. */
export function crossingCommand(name: string): (program: Command, settle: Settle) => void {
  return (program, settle) => {
    const verb = crossingVerbs[name];
    const command = addTarget(program.command(name).description(verb.does))
      .option('--group <name>', 'which crossing (default: the only one of the ledger)')
      .option('--json', 'the result as JSON, alone on standard output');
    if (verb.isStep)
      command
        .option('--wait <time>', 'how long a step waits for its gates (default: 10s)', duration)
        .option('--budget <time>', 'how long nobody may lead in a cutover or rollback (default: 5s)', duration);
    if (verb.isFinal) command.option('--confirm <group>', 'the name of the group, since this cannot be taken back');
    command.action(async (flags: CrossingFlags) => settle(await run(verb, flags)));
  };
}

function run(verb: CrossingVerb, flags: CrossingFlags): Promise<number> {
  const known = { target: '' };
  return knowing(
    (error) => ({ ...failureOf(error), ...known }),
    async () => {
      const target = await namedTarget(flags);
      if (target === null)
        throw new CrossfadeError(
          'E_USAGE',
          'No server is named, and a crossing has its ledger on one. Nothing was done. Name it with --to, DATABASE_URL or the libpq variables.',
        );
      known.target = target.display;
      const ledger = await openExisting({ target });
      try {
        const group = flags.group ?? (await onlyGroup(ledger));
        if (verb.isFinal && flags.confirm !== group)
          throw new CrossfadeError(
            'E_USAGE',
            `${group}: this ends the way back, and cannot be taken back. Nothing was done. Say --confirm ${group} if that is meant.`,
            { group },
          );
        const operator = new Operator({
          ledger,
          group,
          actor: `${userInfo().username} ${randomUUID()}`,
          commit: process.env.CROSSFADE_COMMIT ?? 'unknown',
          ...(flags.wait !== undefined && { waitMs: flags.wait }),
          ...(flags.budget !== undefined && { budgetMs: flags.budget }),
        });
        const { json, text } = await verb.run(operator);
        if (flags.json === true) terminal.json(json);
        else terminal.say(text);
        return 0;
      } finally {
        await ledger.close();
      }
    },
  );
}

async function onlyGroup(ledger: Ledger): Promise<string> {
  const groups = (await ledger.groups()).map(({ group }) => group);
  if (groups.length === 1) return groups[0];
  throw new CrossfadeError(
    'E_USAGE',
    groups.length === 0
      ? 'The ledger has no crossing yet. Nothing was done. Start the application that opens its store with crossfade().'
      : `The ledger has several crossings. Nothing was done. Say which with --group: ${groups.join(', ')}.`,
    { groups },
  );
}
