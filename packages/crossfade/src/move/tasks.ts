import type { KeyRange, RowKey } from '../core/cell.ts';
import type { CrossfadeError } from '../core/errors.ts';
import type { Loaded, LoadTable } from './load-chunk.ts';
import type { StoredChunk } from './checkpoint.ts';
import type { TableSize } from '../drivers/sqlite/measure.ts';
import type { ReadOptions, ReadRange } from '../drivers/sqlite/reader.ts';
import type { Target } from '../pg/target.ts';
import type { ColumnEvidence } from '../schema/evidence.ts';
import type { PgType, Rule, SourceTable } from '../schema/model.ts';
import type { Widest } from './wide-rows.ts';
import type { Collected, Sums, VerifyTable } from '../verify/verify.ts';

/** What a worker thread is born with. */
export interface WorkerSeed {
  readonly read: ReadOptions;
  /** Null for work on the source alone. */
  readonly target: Target | null;
  /** From `largeValuePermit`; null for work that shares its process with no other thread. */
  readonly permit: SharedArrayBuffer | null;
}

/** How one column is looked at. */
export interface ProfileColumn {
  readonly rules: readonly Rule[];
  /** A type that is not inferred: each value is tried against it. */
  readonly ordered: PgType | null;
}

/** One piece of a table, looked at. */
export interface Profiled {
  readonly rows: number;
  readonly bytes: number;
  readonly evidence: readonly ColumnEvidence[];
  /** The widest of the rows, where some may be too wide. */
  readonly widest: Widest | null;
  /** The rows looked at. */
  readonly range: ReadRange;
  /** What is left of the range. */
  readonly rest: KeyRange | null;
}

/** A piece of the target to read: a run of pages, or all of them. */
export interface TargetPiece {
  readonly table: VerifyTable;
  readonly pages: { readonly from: number; readonly to: number } | null;
  /** The exported snapshot that all workers read. */
  readonly snapshot: string;
  readonly seed: Uint8Array;
}

/** A piece of the source to read. */
export interface SourcePiece {
  readonly source: SourceTable;
  readonly table: VerifyTable;
  readonly range: ReadRange;
  readonly seed: Uint8Array;
  readonly leaveOut: ReadonlySet<string>;
}

/** The buckets to collect, and how many rows at the most. */
export interface Collecting {
  readonly buckets: readonly number[];
  readonly limitRows: number;
}

/** Everything a worker can be asked, with what it answers. */
export interface Tasks {
  begin: { ask: null; answer: null };
  end: { ask: null; answer: null };
  /** The last question: leave the server in peace. */
  bye: { ask: null; answer: null };
  /** SQLite's own check of the whole file. */
  check: { ask: null; answer: readonly string[] };
  measure: { ask: { readonly table: SourceTable }; answer: TableSize };
  profile: {
    ask: {
      readonly table: SourceTable;
      readonly columns: readonly ProfileColumn[];
      readonly largestRowBytes: number;
      readonly range: KeyRange;
    };
    answer: Profiled;
  };
  strides: {
    ask: { readonly table: SourceTable; readonly range: KeyRange };
    answer: { readonly piece: ReadRange; readonly rest: KeyRange | null };
  };
  load: {
    ask: { readonly source: SourceTable; readonly table: LoadTable; readonly chunk: StoredChunk };
    answer: Loaded;
  };
  /** Loads one row and takes it back. */
  tryRow: {
    ask: { readonly source: SourceTable; readonly table: LoadTable; readonly key: RowKey };
    answer: null;
  };
  sumSource: { ask: SourcePiece; answer: Sums };
  sumTarget: { ask: TargetPiece; answer: Sums };
  collectSource: { ask: SourcePiece & Collecting; answer: Collected };
  collectTarget: { ask: TargetPiece & Collecting; answer: Collected };
}
export type TaskName = keyof Tasks;

/** A task on its way to a thread. */
export interface Question<T extends TaskName = TaskName> {
  readonly id: number;
  readonly name: T;
  readonly ask: Tasks[T]['ask'];
}

/** Errors cross threads as their parts: a clone of an Error would lose its class. */
export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: Pick<CrossfadeError, 'code' | 'message' | 'facts'> };
