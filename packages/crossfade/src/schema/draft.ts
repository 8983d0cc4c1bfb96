import { type ColumnEvidence, count } from './evidence.ts';
import { foldName } from './sqlite/sqlite.ts';
import type { ColumnEnv } from './translate/term.ts';
import type { NotCreated, PgType, Rule, SourceColumn, SourceTable, TargetColumn } from './model.ts';

/** What the user has decided about a table, by the source's names; from rules, a plan file, and tables that exist. */
export interface TableWishes {
  readonly name?: string;
  readonly columns: ReadonlyMap<string, ColumnWishes>;
  /** Names of indexes, constraints and foreign keys that are not to be made. */
  readonly without: ReadonlySet<string>;
  /** The table stands in the target already: its columns and constraints are as they are. */
  readonly exists: boolean;
}

/** What the user has decided about a column. */
export interface ColumnWishes {
  readonly name?: string;
  /** A type that is not to be inferred. */
  readonly type?: PgType;
  readonly rules: readonly Rule[];
  readonly gin: boolean;
}

/** A table with its evidence on the way to its design. */
export interface Draft {
  readonly source: SourceTable;
  readonly evidence: readonly ColumnEvidence[];
  readonly wishes: TableWishes;
  readonly name: string;
  columns: TargetColumn[];
  /** Of `wishes.without`, the names that were met. */
  readonly leftOut: Set<string>;
}

/** Collects what PostgreSQL does not get; every part of the design reports to one of these. */
export interface DesignLog {
  readonly notCreated: NotCreated[];
  readonly warnings: string[];
}

const noColumnWishes: ColumnWishes = { rules: [], gin: false };

/** The wishes for one column, or none. */
export function wishesOf(draft: Draft, column: SourceColumn): ColumnWishes {
  return draft.wishes.columns.get(column.name) ?? noColumnWishes;
}

/** What an expression of a table may speak of, by the column's name as SQLite folds it, with what the evidence knows. */
export function environmentOf(draft: Draft): Map<string, ColumnEnv> {
  return new Map(
    draft.columns.map((column, i) => [
      foldName(column.source.name),
      {
        name: column.name,
        type: column.type,
        collation: column.source.collation,
        declared: column.source.declared,
        stored: (['integer', 'real', 'text', 'blob'] as const).filter((fact) => count(draft.evidence[i], fact) > 0),
        shape: draft.evidence[i].shape,
        zoned: column.rules.some((rule) => rule.kind === 'zone'),
        generated: column.source.generated !== null,
      },
    ]),
  );
}
