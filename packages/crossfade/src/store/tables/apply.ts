import type { Key, Row } from '../../schema/collection.ts';
import type { DriverChange } from '../contract.ts';
import { type Led, recordText, takenRefusal } from '../live/led.ts';
import { refusal, refusalWords } from '../refusal.ts';
import { judgeWrite } from './constraints.ts';
import type { Table } from './table.ts';

/** What became of one record in a write: of the key of a change, or of one that went with it. */
export interface Step {
  readonly table: Table;
  readonly key: Key;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

/**
 * Makes the changes in order, checks what they must not break, and takes them back when they do.
 *
 * @param kept what a table is to hold of a record: a copy, or a part of it
 * @throws CrossfadeError E_KEY_EXISTS, E_KEY_MISSING, E_UNIQUE, E_REFERENCE
 */
export function applyChanges(
  tables: ReadonlyMap<string, Table>,
  changes: readonly DriverChange[],
  kept: (row: Row, table: Table) => Row,
): readonly Step[] {
  const steps: Step[] = [];
  const set = (table: Table, key: Key, after: Row | undefined): void => {
    steps.push({ table, key, before: table.set(key, after), after });
  };
  try {
    for (const change of changes) {
      const table = tables.get(change.collection) as Table;
      const after = afterwards(table, change);
      set(table, change.key, after && kept(after, table));
    }
    judgeWrite(tables, changes, set);
  } catch (error) {
    takeBack(steps);
    throw error;
  }
  return steps;
}

/**
 * Makes what another store leads, as {@link applyChanges} does. The steps of the puts come first, in their order.
 *
 * @throws CrossfadeError E_UNIQUE; E_REFERENCE, also where a removal would take along a record that was given or is kept
 */
export function applyLed(
  tables: ReadonlyMap<string, Table>,
  { puts, removals, kept: keep }: Led,
  kept: (row: Row, table: Table) => Row,
): readonly Step[] {
  const steps = applyChanges(tables, [...puts, ...removals], kept);
  const touched = new Set(
    keep.length > 0 ? steps.map(({ table, key }) => recordText({ collection: table.name, key })) : [],
  );
  const taken =
    puts.find(({ collection, key }) => tables.get(collection)?.get(key) === undefined) ??
    keep.find((record) => touched.has(recordText(record)));
  if (taken === undefined) return steps;
  takeBack(steps);
  throw takenRefusal(taken.collection);
}

/** Something is other than before; the removal of a record that was not there is none. */
export function isChange({ before, after }: Step): boolean {
  return before !== undefined || after !== undefined;
}

/** The tables as they were before these steps. */
export function takeBack(steps: readonly Step[]): void {
  for (const { table, key, before } of steps.toReversed()) table.set(key, before);
}

function afterwards(table: Table, change: DriverChange): Row | undefined {
  if (change.kind === 'remove') return undefined;
  if (change.kind !== 'patch') {
    if (change.kind === 'insert' && table.get(change.key) !== undefined)
      throw refusal('E_KEY_EXISTS', table.name, refusalWords.E_KEY_EXISTS);
    return change.row;
  }
  const before = table.get(change.key);
  if (before === undefined) throw refusal('E_KEY_MISSING', table.name, refusalWords.E_KEY_MISSING);
  return { ...before, ...change.set };
}
