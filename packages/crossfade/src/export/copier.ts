import type { Sql } from '../pg/sql.ts';
import type { PgColumn, PgTable } from './catalog.ts';
import type { RowSum } from './digest.ts';
import type { ExportedColumn, NotTranslated } from './exported.ts';
import { formOf } from './form.ts';
import { diskFailure, guarded, type Place } from './place.ts';
import type { TextRow } from './rows.ts';
import { SqliteCopy, sumCopy } from './sqlite-copy.ts';
import { type CopyTable, designCopy } from './sqlite-design.ts';

/** What writes one kind of copy, and reads it again. */
export interface Copier {
  readonly notTranslated: readonly NotTranslated[];
  readonly warnings: readonly string[];
  nameOf(table: PgTable): string;
  columnsOf(table: PgTable): readonly ExportedColumn[];
  /** What takes the rows of a table; called once a table, which is ended before the next. */
  rows(table: PgTable): (row: TextRow) => void;
  end(table: PgTable): Promise<void>;
  /** Writes what is left. */
  finish(): Promise<void>;
  close(): void;
  /** An expression with which PostgreSQL says what a value has to be in the copy. */
  proof(column: PgColumn, expression: Sql): Sql;
  /** What the proofs of a row say, in the spelling of {@link sum}. */
  spelled(table: PgTable, row: TextRow): TextRow;
  /** Reads a table of the finished copy. */
  sum(table: PgTable, into: RowSum): Promise<void>;
}

/** Begins a copy at a path that is not there yet. */
export function copierOf(place: Place, path: string, tables: readonly PgTable[]): Promise<Copier> {
  return Promise.resolve(sqliteCopier(place, path, tables));
}

function sqliteCopier(place: Place, path: string, tables: readonly PgTable[]): Copier {
  const { tables: designed, notTranslated, warnings } = designCopy(tables);
  const of = new Map(designed.map((table) => [table.from, table]));
  const copyOf = (table: PgTable): CopyTable => of.get(table) as CopyTable;
  const copy = guarded(place.path, () => new SqliteCopy(path, designed));
  return {
    notTranslated,
    warnings,
    nameOf: (table) => copyOf(table).name,
    columnsOf: (table) =>
      copyOf(table).columns.map(({ from, name, form }) => ({
        source: from.name,
        target: name,
        type: from.written,
        form: form.declared,
        note: form.note,
      })),
    rows(table) {
      const take = copy.rows(copyOf(table));
      return (row) => guarded(place.path, () => take(row));
    },
    end: () => Promise.resolve(),
    finish: () => {
      guarded(place.path, () => copy.finish(designed));
      return Promise.resolve();
    },
    close: () => copy.close(),
    proof: (column, expression) => formOf(column.type).proof(expression),
    spelled: (_, row) => row,
    sum: (table, into) => {
      try {
        sumCopy(path, copyOf(table), into);
        return Promise.resolve();
      } catch (error) {
        throw diskFailure(place.path, error);
      }
    },
  };
}
