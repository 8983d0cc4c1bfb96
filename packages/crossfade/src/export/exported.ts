import type { ExitCode } from '../core/errors.ts';

/** What an export did, as data. */
export interface ExportReport {
  /** equal: every value was read again on both sides and compared. failed: nothing was left at the place. */
  readonly verdict: 'equal' | 'failed';
  readonly exitCode: ExitCode;
  /** Without a password. */
  readonly source: string;
  readonly target: string;
  readonly schema: string;
  readonly rows: number;
  readonly tables: readonly ExportedTable[];
  /** What a table has and the copy has not, or not quite: defaults, checks, indexes, keys, how a column counts. */
  readonly notTranslated: readonly NotTranslated[];
  /** Whatever else stands in the schema: views, functions, triggers, policies, comments, tables that were left out. */
  readonly notMoved: readonly { readonly kind: string; readonly name: string; readonly why: string }[];
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly facts: object } | null;
}

/** One table of a copy. */
export interface ExportedTable {
  readonly source: string;
  readonly target: string;
  readonly rows: number;
  readonly verified: number;
  readonly columns: readonly ExportedColumn[];
}

/** What became of a column. */
export interface ExportedColumn {
  readonly source: string;
  readonly target: string;
  /** As PostgreSQL writes it. */
  readonly type: string;
  /** As the copy declares it. */
  readonly form: string;
  /** What the copy says otherwise than PostgreSQL; null when it says the same. */
  readonly note: string | null;
}

/** Something of the schema that has no translation. */
export interface NotTranslated {
  readonly what: string;
  readonly why: string;
}
