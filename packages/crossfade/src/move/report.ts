import type { ExitCode, Facts } from '../core/errors.ts';
import type { NotCreated, NotMoved, PgType } from '../schema/model.ts';

/**
 * planned: a dry run, which moved nothing. equal: every row moved and verified equal. accounted: finished, and the rows withheld or the values altered by a
 * named rule are listed. stopped: a value cannot be held, nothing was published. failed: anything else.
 */
export type Verdict = 'planned' | 'equal' | 'accounted' | 'stopped' | 'failed';

/** What a move did, as data. The text on the terminal is a view of this and of nothing else. */
export interface Report {
  readonly verdict: Verdict;
  readonly exitCode: ExitCode;
  readonly source: string;
  /** `postgres://user@host:port/database`, never with a password. */
  readonly target: string;
  readonly schema: string;
  readonly rows: number;
  /** Bytes read from the source, with a few a value for packing it. */
  readonly bytes: number;
  readonly seconds: PhaseSeconds;
  readonly tables: readonly TableReport[];
  readonly constraints: { readonly created: number; readonly notCreated: readonly NotCreated[] };
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly string[];
  /** Values that cannot be held (verdict stopped), or rows withheld (accounted): the first of them, and the counts a column. */
  readonly badValues: readonly BadValueReport[];
  /** Rows that differ (verdict failed), named by key. */
  readonly differences: readonly DifferenceReport[];
  /** Where the withheld rows are listed, or null. */
  readonly quarantineFile: string | null;
  /** What went wrong, when an error ended the run, or a limit stopped it. */
  readonly error: ErrorReport | null;
}

/** An error as JSON has it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  /** Names, counts and positions; never a value out of a row. */
  readonly facts: Facts;
}

/** Wall-clock seconds a phase, and of the whole run. */
export interface PhaseSeconds {
  readonly profile: number;
  readonly create: number;
  readonly load: number;
  readonly index: number;
  readonly verify: number;
  readonly total: number;
}

/** What became of one table. */
export interface TableReport {
  readonly source: string;
  readonly target: string;
  /** Rows in the source. rows = loaded + rejected, always. */
  readonly rows: number;
  readonly loaded: number;
  readonly rejected: number;
  /** Values changed by rules that the user named. */
  readonly altered: number;
  /** Rows compared and found equal. */
  readonly verified: number;
  readonly columns: readonly ColumnReport[];
}

/** The type of a column and the evidence for it. */
export interface ColumnReport {
  readonly source: string;
  readonly target: string;
  readonly type: PgType;
  readonly why: string;
}

/** Values of one column that its type cannot hold, for one reason. */
export interface BadValueReport {
  readonly table: string;
  readonly column: string;
  readonly code: string;
  readonly count: number;
  /** The first row, by key: plain for rowids, a keyed digest for text keys unless --show-values. */
  readonly firstKey: string;
  /** What the user can do about it. */
  readonly fix: string;
}

/** One row that is not the same on both sides. */
export interface DifferenceReport {
  readonly table: string;
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'different';
  readonly columns: readonly string[];
}
