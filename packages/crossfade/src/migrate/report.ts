import type { FileFinding } from './files.ts';
import type { Done } from './transactional.ts';

/** What a run did. */
export interface MigrateReport {
  /** Without the password. */
  readonly target: string;
  readonly schema: string;
  /** The version before and after; null means before the first migration. */
  readonly from: bigint | null;
  readonly version: bigint | null;
  /** In the order in which they ran; empty where there was nothing to do, or where another run did it. */
  readonly ran: readonly RanFile[];
  readonly findings: readonly FileFinding[];
  readonly seconds: number;
}

/** One file of a run. */
export interface RanFile {
  readonly version: bigint;
  readonly name: string;
  readonly direction: 'up' | 'down';
  readonly statements: number;
  readonly transactional: boolean;
  readonly durationMs: number;
}

/** A file that has run, for the report. */
export function ranFile({ migration, direction, statements, transactional, durationMs }: Done): RanFile {
  const { version, name } = migration;
  return { version, name, direction, statements, transactional, durationMs: Math.round(durationMs) };
}
