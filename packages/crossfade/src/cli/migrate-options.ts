import { type Command, InvalidArgumentError } from 'commander';
import type { MigrateOptions } from '../migrate/options.ts';
import { addSchema, addTarget } from './options.ts';
import type { TargetOptions } from './target.ts';

/** What the command line gives to a migrate command. */
export interface MigrateFlags extends TargetOptions, Pick<MigrateOptions, 'schema' | 'waitTries'> {
  readonly dir: string;
  readonly lockTimeout?: number;
  readonly waitBackoff?: number;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly timestamp?: boolean;
  readonly since?: bigint;
}

/** What is known of a migrate command from its command line alone; the server is added once it is found. */
export function knownOf({ dir, schema }: { readonly dir: string; readonly schema?: string }) {
  return { folder: dir, target: '', ...(schema !== undefined && { schema }) };
}

/** The folder of the files, and JSON: what every migrate command takes. */
export function addFolder(command: Command): Command {
  return command
    .option('--dir <folder>', 'folder of the migrations', './migrations')
    .option('--json', 'the result as JSON, alone on standard output');
}

/** The database, and how long to wait for it. */
export function addDatabase(command: Command): Command {
  return addSchema(addTarget(addFolder(command)))
    .option('--wait-tries <n>', 'how often the database is tried (default: 30; 1 does not wait)', countOf(10_000))
    .option('--wait-backoff <time>', 'first pause between two tries, doubled up to 5 s (default: 500ms)', duration);
}

/** What a command takes that runs files. */
export function addRunning(command: Command): Command {
  return addDatabase(command)
    .option(
      '--lock-timeout <time>',
      'how long one statement queues for a lock before it is tried again (default: 1s)',
      duration,
    )
    .option('--dry-run', 'print the SQL that would run, and run nothing');
}

/** A whole number from 1. */
export function countOf(most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
  };
}

/** A version, or null for `none` and golang-migrate's -1. */
export function versionOrNone(text: string): bigint | null {
  return text === 'none' || text === '-1' ? null : version(text);
}

/** A version as it stands in the name of a file, with or without its zeros. */
export function version(text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It is the number in the name of a file.');
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/** A time with its unit, as milliseconds. */
export function duration(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})(ms|s|min)$/.exec(text) ?? [];
  const ms = Number(amount) * (units[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('It is a time such as 500ms, 2s or 1min.');
}
