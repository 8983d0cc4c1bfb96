import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { Target } from '../../src/pg/target.ts';
import { tempFolder } from '../harness/folders.ts';
import { takesAll } from '../harness/sample.ts';
import { isRunningHere, runHere } from './cli-here.ts';

const main = new URL('../../src/cli/main.ts', import.meta.url).href;
/** Gives the rights away when everything is loaded: another user may not be able to read the sources. */
const withoutRights = `const { main } = await import(${JSON.stringify(main)});
  if (process.getuid() === 0) process.setuid(65534);
  process.exitCode = await main(process.argv.slice(1));`;
const bin = fileURLToPath(new URL('../../bin/crossfade.mjs', import.meta.url));

/** What is left of a command that has ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCli {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly stderr: () => string;
  kill(signal: NodeJS.Signals): void;
}

/** How a command is run. */
export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Default: an empty folder of its own. */
  readonly cwd?: string;
  readonly stdin?: string;
  /** As a user without rights of its own, where this process is root: those of files do not bind root. */
  readonly unprivileged?: boolean;
}

/** Starts the real command, as a user would, with nothing of this process's environment but the path. Killed when the test ends. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const home = tempFolder('home-');
  const program = options.unprivileged === true ? ['--input-type=module', '-e', withoutRights, '--'] : [bin];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: options.cwd ?? home,
    env: { PATH: process.env.PATH, HOME: home, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin?.on('error', () => undefined).end(options.stdin ?? '');
  const stdout = gathered(child, 'stdout');
  const stderr = gathered(child, 'stderr');
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: stdout(),
    stderr: stderr(),
  }));
  return { pid: child.pid as number, ended, stderr, kill: (signal) => void child.kill(signal) };
}

/**
 * Runs the command to its end. Each first run of a command in a test file is a process, as a user's is, and so is one
 * that needs a process of its own; `npm test` has no time to start the others, and runs them within this one.
 */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const ownsProcess = options.stdin !== undefined || options.unprivileged === true || isRunningHere();
  return takesAll || ownsProcess || isFirst(args) ? startCli(args, options).ended : runHere(args, options);
}

const started = new Set<string>();

function isFirst([command]: readonly string[]): boolean {
  const run = `${expect.getState().testPath} ${command}`;
  if (started.has(run)) return false;
  started.add(run);
  return true;
}

/** The environment that names a server as psql's would, password included. */
export function serverEnv(target: Target): NodeJS.ProcessEnv {
  return {
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGPASSWORD: target.password,
    PGSSLMODE: 'disable',
  };
}

function gathered(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  child[stream]?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
