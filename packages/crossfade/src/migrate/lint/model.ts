import type { Catalog } from './catalog.ts';
import type { Piece } from './parse.ts';

/** Errors break or lose something, warnings block or mislead, notes are advice: only the first two end a command with 1. */
export type Severity = 'error' | 'warning' | 'note';

/** What a rule has found, before the engine gives it a place. */
export interface Hit {
  /** Where in the statement, in bytes from its first token; left out for the statement as a whole. */
  readonly at?: number | undefined;
  /** What stands in the braces of the rule's reason and safe form. */
  readonly words?: Readonly<Record<string, string>>;
  /** Instead of the rule's safe form, where that one depends on more than names. */
  readonly safe?: string;
}

/** A file on its way through the rules. */
export interface FileScene {
  readonly path: string;
  readonly direction: 'up' | 'down';
  readonly transactional: boolean;
  readonly pieces: readonly Piece[];
  /** The other half of the migration; null where there is none, or where it does not parse. */
  readonly partner: FileScene | null;
  /** Whether the folder has the other half at all. */
  readonly hasPartner: boolean;
  /** The file that would hold the other half. */
  readonly partnerPath: string;
  /** Its place among all migrations of the folder, from 0; a down file's lies halfway to the next. */
  readonly ordinal: number;
}

/** A statement in its place. */
export interface Scene {
  readonly piece: Piece;
  readonly index: number;
  readonly file: FileScene;
  /** What the files before this statement have made. */
  readonly catalog: Catalog;
  /** What all up files together make. */
  readonly final: Catalog;
  /** Whether the statement runs inside a transaction: the runner's, or one that the file itself began. */
  readonly inTransaction: boolean;
}

/**
 * One rule of the linter. The documentation and the tests are made out of this table: `bad` must be found, the safe
 * form that is printed for it must be clean, and so must `bad` below a silence.
 */
export interface Rule {
  /** Stable: silences name it. */
  readonly code: string;
  readonly severity: Severity;
  /** What it finds, as a heading. */
  readonly title: string;
  /** Why that hurts; `{table}` and the like are filled from the hit. */
  readonly reason: string;
  /** The safe form, as SQL; a line `-- next migration` begins another file. */
  readonly safe: string;
  /** A file that has the fault. */
  readonly bad: string;
  /** Up files that come before `bad`, where the fault needs a history. */
  readonly history?: readonly string[];
  /** Whether down files are held to it too. They are to all that blocks, not to taste. */
  readonly downs: boolean;
  readonly check?: (scene: Scene) => readonly Hit[];
  /** For what only the whole file shows. */
  readonly checkFile?: (file: FileScene) => readonly Hit[];
}

/** One line of the result. */
export interface LintFinding {
  readonly code: string;
  readonly severity: Severity;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** The first line of the statement. */
  readonly statement: string;
  readonly reason: string;
  readonly safe: string;
}
