import { Names } from '../staging/names.ts';
import type { NotTranslated } from './exported.ts';
import type { PgTable } from './pg-table.ts';
import { type CopyTable, Draft } from './sqlite-draft.ts';

/** Designs the tables of a copy together: foreign keys speak of each other's names. */
export function designCopy(tables: readonly PgTable[]): {
  readonly tables: readonly CopyTable[];
  readonly notTranslated: readonly NotTranslated[];
  readonly warnings: readonly string[];
} {
  const tableNames = new Names('table');
  const notTranslated: NotTranslated[] = [];
  const warnings: string[] = [];
  for (const { name } of tables) tableNames.of(name);
  const columnNames = new Map(tables.map((table) => [table.name, namesOf(table)]));
  const drafts = tables.map((table) => new Draft(table, tables, tableNames, columnNames, notTranslated));
  const designed = drafts.map((draft) => draft.design());
  for (const { from, to } of tableNames.renamed)
    warnings.push(
      `Table ${JSON.stringify(from)} is called ${JSON.stringify(to)}: SQLite does not tell its name from another one.`,
    );
  for (const { from, columns } of designed)
    for (const column of columns)
      if (column.name !== column.from.name)
        warnings.push(
          `Column ${JSON.stringify(column.from.name)} of ${from.name} is called ${JSON.stringify(column.name)}: SQLite does not tell its name from another one.`,
        );
  return { tables: designed, notTranslated, warnings };
}

function namesOf({ columns }: PgTable): ReadonlyMap<string, string> {
  const names = new Names('column');
  return new Map(columns.map(({ name }) => [name, names.of(name)]));
}
