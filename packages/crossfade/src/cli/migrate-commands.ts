import type { Command } from 'commander';
import { CrossfadeError } from '../core/errors.ts';
import { shown } from '../core/printable.ts';
import { force } from '../migrate/force.ts';
import type { Goal } from '../migrate/goal.ts';
import { migrateTo, planTo } from '../migrate/migrate.ts';
import { newMigration } from '../migrate/new.ts';
import type { MigrateOptions } from '../migrate/options.ts';
import { migrationStatus, needsRepair } from '../migrate/status.ts';
import { addLint, lintFolder } from './migrate-lint.ts';
import { addDatabase, addFolder, addRunning, countOf, type MigrateFlags, versionOrNone } from './migrate-options.ts';
import { forceText, planJson, planText, runText, statusText } from './migrate-text.ts';

/** What a command has to say. */
export interface Outcome {
  readonly json: unknown;
  readonly text: string;
  /** The text goes on to psql. */
  readonly isSql?: true;
  readonly status: 0 | 1;
}

/** What a command is given. */
export interface Call {
  readonly argument: unknown;
  readonly flags: MigrateFlags;
  /** Folder, server and patience; the server is looked for when this is called. */
  readonly place: () => Promise<MigrateOptions>;
}

/** One command below `crossfade migrate`. */
export interface MigrateEntry {
  readonly name: string;
  readonly description: string;
  readonly argument?: { readonly name: string; readonly meaning: string; readonly parse?: (text: string) => unknown };
  readonly options: (command: Command) => Command;
  readonly run: (call: Call) => Promise<Outcome> | Outcome;
}

const numberOfFiles = countOf(1_000_000);

/** Every command; a new one is a new entry, and a line in docs/reference/cli.md. */
export const migrateEntries: readonly MigrateEntry[] = [
  {
    name: 'up',
    description: 'apply all pending migrations, or the next N',
    argument: { name: '[n]', meaning: 'how many', parse: numberOfFiles },
    options: addRunning,
    run: (call) =>
      runGoal(call, { kind: 'up', ...(call.argument !== undefined && { count: call.argument as number }) }),
  },
  {
    name: 'down',
    description: 'undo the last N migrations, or all of them with --all',
    argument: { name: '[n]', meaning: 'how many', parse: numberOfFiles },
    options: (command) => addRunning(command).option('--all', 'undo every migration'),
    run: (call) => runGoal(call, { kind: 'down', count: downCount(call) }),
  },
  {
    name: 'goto',
    description: 'go up or down to a version',
    argument: { name: '<version>', meaning: 'the number of a migration, or none', parse: versionOrNone },
    options: addRunning,
    run: (call) => runGoal(call, { kind: 'goto', version: call.argument as bigint | null }),
  },
  {
    name: 'redo',
    description: 'undo the last migration and apply it again',
    options: addRunning,
    run: (call) => runGoal(call, { kind: 'redo' }),
  },
  {
    name: 'force',
    description: 'say which version the schema has, and that it is clean; runs nothing',
    argument: { name: '<version>', meaning: 'the number of a migration, or none', parse: versionOrNone },
    options: addDatabase,
    run: async ({ argument, place }) => {
      const report = await force(await place(), argument as bigint | null);
      return { json: report, text: forceText(shown(report)), status: 0 };
    },
  },
  {
    name: 'status',
    description: 'show where the database stands; writes nothing',
    options: addDatabase,
    run: async ({ place }) => {
      const report = await migrationStatus(await place());
      return { json: report, text: statusText(shown(report)), status: needsRepair(report) ? 1 : 0 };
    },
  },
  {
    name: 'lint',
    description: 'find what blocks or breaks a running service in the files; asks no database',
    options: addLint,
    run: ({ flags }) => lintFolder(flags.dir, flags.since),
  },
  {
    name: 'new',
    description: 'make the two files of the next migration',
    argument: { name: '<name...>', meaning: 'a few words' },
    options: (command) =>
      addFolder(command).option('--timestamp', 'number it by the time in UTC (default: as the folder does)'),
    run: ({ argument, flags }) => {
      const files = newMigration(
        flags.dir,
        (argument as string[]).join(' '),
        flags.timestamp === true ? 'time' : undefined,
      );
      return { json: { files }, text: shown(files).join('\n'), status: 0 };
    },
  },
];

async function runGoal({ flags, place }: Call, goal: Goal): Promise<Outcome> {
  if (flags.dryRun === true) {
    const plan = await planTo(await place(), goal);
    return { json: planJson(plan), text: planText(plan), isSql: true, status: 0 };
  }
  const report = await migrateTo(await place(), goal);
  return { json: report, text: runText(shown(report)), status: 0 };
}

/** golang-migrate asks, and under CI takes no answer for yes; here the number has to be said. */
function downCount({ argument, flags }: Call): number | 'all' {
  if (flags.all === true && argument === undefined) return 'all';
  if (flags.all !== true && argument !== undefined) return argument as number;
  throw new CrossfadeError(
    'E_USAGE',
    'How many migrations shall be undone? Nothing was run. Say it: crossfade migrate down 1, or down --all for every one; not both.',
  );
}
