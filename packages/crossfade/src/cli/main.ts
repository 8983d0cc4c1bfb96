import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CrossfadeError } from '../core/errors.ts';
import type { Settle } from './options.ts';
import { terminal } from './terminal.ts';

/** A command is read when it is called: all of them together take longer to start than some take to run. */
const commands: Readonly<Record<string, () => Promise<(program: Command, settle: Settle) => void>>> = {
  move: async () => (await import('./move.ts')).moveCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  postgres: async () => (await import('./postgres.ts')).postgresCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
};

/** Runs the command line and resolves to the exit status of the process. A failure never resolves to 0. */
export async function main(argv: string[]): Promise<number> {
  let status = 1;
  const program = new Command('crossfade')
    .description('Moves a SQLite file into PostgreSQL exactly: every value looked at, every value verified.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeErr: (text) => terminal.note(text.trimEnd()),
      writeOut: (text) => void process.stdout.write(text),
    })
    .showHelpAfterError('Nothing was done. See crossfade --help.');
  const settle = (code: number): void => {
    status = code;
  };
  keepRunning();
  try {
    refuseSecrets(argv);
    // A word that is no command, --help among them, is answered with all of them.
    const called = Object.hasOwn(commands, argv[0] ?? '') ? [commands[argv[0]]] : Object.values(commands);
    for (const read of called) (await read())(program, settle);
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return report(error, argv);
  }
}

/**
 * A reader that has gone, as `| head` does, must not end a run in its middle. A result that cannot be written for
 * another reason, such as a full disk, is a failure.
 */
function keepRunning(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') return;
      process.once('exit', () => (process.exitCode = 1));
    });
}

function report(error: unknown, argv: readonly string[]): number {
  // --help and --version arrive here too, with status 0.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const { code, message, facts, exitCode } = asCrossfadeError(error);
  // Of these commands a failure is JSON too; where the words were wrong they are not parsed.
  if (argv[0] === 'migrate' && argv.includes('--json')) terminal.json({ error: { code, message, facts } });
  // Commander has said already what is wrong.
  if (!(error instanceof CommanderError)) terminal.note(`${code}: ${message}`);
  if (code === 'E_INTERNAL' && process.env.CROSSFADE_DEBUG === '1' && error instanceof Error)
    terminal.note(String(error.stack));
  return exitCode;
}

function asCrossfadeError(error: unknown): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  if (error instanceof CommanderError)
    return new CrossfadeError('E_USAGE', `${error.message.replace(/^error: |\.$/g, '')}. Nothing was done.`);
  const name = error instanceof Error ? error.name : 'unknown';
  return new CrossfadeError(
    'E_INTERNAL',
    `A defect of Crossfade (${name}). Nothing was published. Please report it with the command that you ran.`,
  );
}

/** Before anything can repeat an argument in a message: every process of the machine can read the command line. */
function refuseSecrets(argv: readonly string[]): void {
  if (!argv.some((argument) => /postgres(ql)?:\/\/[^/@]*:[^/]*@/i.test(argument) || /[?&]password=/i.test(argument)))
    return;
  throw new CrossfadeError(
    'E_SECRET_IN_ARGV',
    'A password stands on the command line, where every process of this machine can read it. Nothing was done. Leave it out of the URL and give it in PGPASSWORD, in ~/.pgpass, in DATABASE_URL, or with --password-stdin; and change it, for it may be in your shell history now.',
  );
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
