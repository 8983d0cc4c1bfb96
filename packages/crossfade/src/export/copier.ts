import { join, name as ident, type Sql, sql } from '../pg/sql.ts';
import type { PgColumn, PgTable } from './pg-table.ts';
import type { RowSum } from './digest.ts';
import type { ExportedColumn, NotTranslated } from './exported.ts';
import { collectionsOf, fieldTypeOf, noteOf, recordOf, spelledJson, spelledValue } from './collections.ts';
import { formOf } from './form.ts';
import { diskFailure, guarded, type Place } from './place.ts';
import type { TextRow } from './rows.ts';
import { exportFile, filesFolder } from './store-copy.ts';
import { SqliteCopy, sumCopy } from './sqlite-copy.ts';
import { designCopy } from './sqlite-design.ts';
import type { CopyTable } from './sqlite-draft.ts';

/** What writes one kind of copy, and reads it again. */
export interface Copier {
  readonly notTranslated: readonly NotTranslated[];
  readonly warnings: readonly string[];
  /** The tables in the order in which they are written. */
  readonly order: readonly PgTable[];
  /** The order of the rows of a table; nothing where any will do. */
  orderBy(table: PgTable): Sql;
  nameOf(table: PgTable): string;
  columnsOf(table: PgTable): readonly ExportedColumn[];
  /** What takes the rows of a table; called once a table, which is ended before the next. */
  rows(table: PgTable): (row: TextRow) => void;
  end(table: PgTable): void;
  /** Writes what is left. */
  finish(): void;
  close(): void;
  /** An expression with which PostgreSQL says what a value has to be in the copy. */
  proof(column: PgColumn, expression: Sql): Sql;
  /** What the proofs of a row say, in the spelling of {@link sum}. */
  spelled(table: PgTable, row: TextRow): TextRow;
  /** Reads a table of the finished copy. */
  sum(table: PgTable, into: RowSum): Promise<void>;
}

/** Begins a copy at a path that is not there yet. @throws CrossfadeError E_UNSUPPORTED, E_EXPORT_UNWRITABLE */
export function copierOf(place: Place, path: string, tables: readonly PgTable[]): Copier {
  return (place.kind === 'sqlite' ? sqliteCopier : storeCopier)(place, path, tables);
}

function storeCopier(place: Place, path: string, tables: readonly PgTable[]): Copier {
  const { schema, notTranslated } = collectionsOf(tables);
  const copy = guarded(place.path, () => (place.kind === 'json' ? exportFile : filesFolder)(path, schema));
  return {
    notTranslated,
    warnings: [],
    order: copy.order.map((name) => tables.find((table) => table.name === name) as PgTable),
    orderBy: orderOf,
    nameOf: (table) => table.name,
    columnsOf: ({ columns }) =>
      columns.map((column) => ({
        source: column.name,
        target: column.name,
        type: column.written,
        form: fieldTypeOf(column),
        note: noteOf(column),
      })),
    rows(table) {
      guarded(place.path, () => copy.begin(table.name));
      return (row) => guarded(place.path, () => copy.add(table.name, recordOf(table, row)));
    },
    end: (table) => guarded(place.path, () => copy.end(table.name)),
    finish: () => guarded(place.path, () => copy.finish()),
    close: () => copy.close(),
    proof: (column, expression) => formOf(column.type).proof(expression),
    spelled: ({ columns }, row) =>
      row.map((text, i) => (text === null || fieldTypeOf(columns[i]) !== 'json' ? text : spelledJson(text.slice(1)))),
    async sum(table, into) {
      for await (const row of copy.read(table.name))
        into.add(table.columns.map((column) => spelledValue(fieldTypeOf(column), row[column.name])));
    },
  };
}

/** By key, as an export is: text by its code points, whatever the database's collation. */
function orderOf(table: PgTable): Sql {
  const parts = table.primaryKey.map((key) => {
    const column = table.columns.find((each) => each.name === key) as PgColumn;
    return fieldTypeOf(column) === 'text'
      ? sql`pg_catalog.format('%s', ${ident(key)}) COLLATE "C"`
      : sql`${ident(key)}`;
  });
  return sql`ORDER BY ${join(parts)}`;
}

function sqliteCopier(place: Place, path: string, tables: readonly PgTable[]): Copier {
  const { tables: designed, notTranslated, warnings } = designCopy(tables);
  const of = new Map(designed.map((table) => [table.from, table]));
  const copyOf = (table: PgTable): CopyTable => of.get(table) as CopyTable;
  const copy = guarded(place.path, () => new SqliteCopy(path, designed));
  return {
    notTranslated,
    warnings,
    order: tables,
    orderBy: () => sql``,
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
    end: () => undefined,
    finish: () => guarded(place.path, () => copy.finish(designed)),
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
