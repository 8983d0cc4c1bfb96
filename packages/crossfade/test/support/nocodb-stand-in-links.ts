import { type StandInColumn, StandInTable, type StandInVersion } from './nocodb-stand-in-table.ts';

/** Columns that link records of two tables, each with the table that keeps the pairs. */
export class StandInLinks {
  private readonly pairs = new Map<string, StandInTable>();

  /** Makes the column and the table that keeps its pairs. */
  link(
    table: StandInTable,
    asked: Partial<StandInColumn> & { readonly childId?: string },
    version: StandInVersion,
  ): StandInTable {
    const key = (of: string) => ({ title: `${of}_id`, column_name: `${of}_id`, uidt: 'ForeignKey', pk: 1 });
    const name = `m2m_${table.id}_${asked.childId}`;
    const pairs = new StandInTable(`m${name}`, name, [key(table.id), key(String(asked.childId))], {
      ...version,
      givesIds: false,
    });
    pairs.columns = pairs.columns.filter(({ pk }) => pk === 1);
    const colOptions = { fk_related_model_id: String(asked.childId), fk_mm_model_id: pairs.id };
    const column = table.addColumn({ title: asked.title ?? '', uidt: 'Links', colOptions });
    this.pairs.set(column.id, pairs);
    return pairs;
  }

  /** Links a record to others. */
  add(column: string, id: number, others: readonly { readonly Id: number }[]): true {
    const pairs = this.pairs.get(column) as StandInTable;
    const [one, other] = pairs.columns.filter(({ pk }) => pk === 1).map(({ title }) => title);
    pairs.rowsOf(others.map((each) => ({ [one]: id, [other]: each.Id })));
    return true;
  }
}
