import type { DriverChange } from '../../store/contract.ts';
import { type Bound, changeValues, keyTexts, patched, patchText } from './change-statements.ts';
import type { Statement } from './statement.ts';
import type { Table } from './table.ts';

/** The statements of one collection, made once from its schema. */
export interface Verbs {
  readonly table: Table;
  readonly read: Statement;
  readonly readForUpdate: Statement;
  change(change: DriverChange): Bound;
  /** The statement of a text that depends on the call. */
  readonly named: (text: string) => Statement;
}

/** The statements of every collection; names are unique over all of them, since they share connections. */
export function verbsOf(
  tables: ReadonlyMap<string, Table>,
  named: (text: string) => Statement,
): ReadonlyMap<string, Verbs> {
  return new Map([...tables].map(([name, table]) => [name, verbsOfTable(table, named)]));
}

function verbsOfTable(table: Table, named: (text: string) => Statement): Verbs {
  const texts = keyTexts(table);
  const fixed = { insert: named(texts.insert), put: named(texts.put), remove: named(texts.remove) };
  return {
    table,
    read: named(texts.read),
    readForUpdate: named(texts.readForUpdate),
    named,
    change: (change) => ({
      statement: change.kind === 'patch' ? named(patchText(table, patched(table, change.set))) : fixed[change.kind],
      values: changeValues(table, change),
    }),
  };
}
