import type { Command } from 'commander';
import type { Settle } from './options.ts';

/** Reads a command, which adds itself to the program. */
type Read = () => Promise<(program: Command, settle: Settle) => void>;

const crossing =
  (name: string): Read =>
  async () =>
    (await import('./crossing.ts')).crossingCommand(name);

/** A command is read when it is called: all of them together take longer to start than some take to run. */
export const commands: Readonly<Record<string, Read>> = {
  move: async () => (await import('./move.ts')).moveCommand,
  retry: async () => (await import('./retry.ts')).retryCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  status: crossing('status'),
  advance: crossing('advance'),
  retreat: crossing('retreat'),
  abort: crossing('abort'),
  rollback: crossing('rollback'),
  finish: crossing('finish'),
  history: crossing('history'),
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  postgres: async () => (await import('./postgres.ts')).postgresCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
};

/** Those that read a whole source, and do so with several threads where it is large. */
export const readsSource: ReadonlySet<string> = new Set(['move', 'retry', 'plan', 'verify']);
