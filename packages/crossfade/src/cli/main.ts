import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { asCrossfadeError, CrossfadeError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { startAhead } from '../move/threads.ts';
import { partsOf } from '../staging/source-name.ts';
import { commands, readsSource } from './commands.ts';
import { handFailure, refuseReportOverInput } from './failing.ts';
import { terminal } from './terminal.ts';

/** Runs the command line and resolves to the exit status of the process. A failure never resolves to 0. */
export async function main(argv: string[]): Promise<number> {
  let status = 1;
  const program = new Command('crossfade')
    .description('Moves a SQLite file into PostgreSQL exactly: every value looked at, every value verified.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeErr: (text) => terminal.note(text.trimEnd()),
      outputError: (text, write) => write(printable(text.trimEnd())),
      writeOut: (text) => void process.stdout.write(text),
    })
    .showHelpAfterError('Nothing was done. See crossfade --help.');
  const settle = (code: number): void => {
    status = code;
  };
  keepRunning();
  try {
    refuseSecrets(argv);
    refuseReportOverInput(argv);
    startThreads(argv);
    // A word that is no command, --help among them, is answered with all of them.
    const called = Object.hasOwn(commands, argv[0] ?? '') ? [commands[argv[0]]] : Object.values(commands);
    for (const read of called) (await read())(program, settle);
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return report(argv, error);
  }
}

/** Before the command itself is read. Whether a word is the source is a guess, and one that no option has to agree with. */
function startThreads([command, ...words]: readonly string[]): void {
  if (!readsSource.has(command) || words.some((word) => /^--jobs(=|$)/.test(word))) return;
  const source = words.find((word) => !word.startsWith('-'));
  if (source !== undefined) startAhead(partsOf(source).place);
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

function report(argv: readonly string[], error: unknown): number {
  if (error instanceof CommanderError) {
    // --help and --version arrive here too, with status 0. What is wrong Commander has said already.
    if (error.exitCode === 0) return 0;
    handFailure(
      argv,
      new CrossfadeError('E_USAGE', `${error.message.replace(/^error: |\.$/g, '')}. Nothing was done.`),
    );
    return 2;
  }
  const failure = asCrossfadeError(error);
  handFailure(argv, failure);
  terminal.note(`${failure.code}: ${printable(failure.message)}`);
  if (process.env.CROSSFADE_DEBUG === '1' && failure.cause instanceof Error && failure.code === 'E_INTERNAL')
    terminal.note(String(failure.cause.stack));
  return failure.exitCode;
}

/** Before anything can repeat an argument in a message: every process of the machine can read the command line. */
function refuseSecrets(argv: readonly string[]): void {
  if (!argv.some((argument) => /postgres(ql)?:\/\/[^/@:]*:[^/@]*@/i.test(argument) || /[?&]password=/i.test(argument)))
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
