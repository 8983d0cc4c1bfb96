import type { Key, Row } from '../../schema/collection.ts';
import type { DriverChange } from '../contract.ts';
import { refusal } from '../refusal.ts';
import type { Table } from './table.ts';

/**
 * Judges the state at the end of a write. Records that refer to a removed one go too where the schema says so, which
 * may remove more in turn. @throws CrossfadeError E_UNIQUE, E_REFERENCE
 */
export function judgeWrite(
  tables: ReadonlyMap<string, Table>,
  changes: readonly DriverChange[],
  set: (table: Table, key: Key, row: undefined) => void,
): void {
  const touched: Touched[] = [];
  for (const { kind, collection, key } of changes) {
    const table = tables.get(collection) as Table;
    // A record that may break nothing of its own can only break something by being gone.
    if (kind === 'remove' || table.isConstrained) touched.push({ table, key });
  }
  for (const each of touched) if (each.table.get(each.key) === undefined) touched.push(...followed(tables, each, set));
  for (const { table, key } of touched) {
    const row = table.get(key);
    if (row === undefined) refuseLeft(tables, table, key);
    else {
      refuseEqual(table, row);
      refuseDangling(tables, table, row);
    }
  }
}

interface Touched {
  readonly table: Table;
  readonly key: Key;
}

/** Removes what refers to a record that is gone, by references that say so. */
function followed(
  tables: ReadonlyMap<string, Table>,
  gone: Touched,
  set: (table: Table, key: Key, row: undefined) => void,
): Touched[] {
  const found = referring(tables, gone.table, gone.key, 'remove');
  for (const { table, key } of found) set(table, key, undefined);
  return found;
}

function refuseLeft(tables: ReadonlyMap<string, Table>, table: Table, key: Key): void {
  const [left] = referring(tables, table, key, 'refuse');
  if (left !== undefined)
    throw refusal('E_REFERENCE', table.name, `a record of ${left.table.name} refers to the one that was to be removed`);
}

function referring(tables: ReadonlyMap<string, Table>, to: Table, key: Key, onRemove: 'refuse' | 'remove'): Touched[] {
  return [...tables.values()].flatMap((table) =>
    (table.shape.references ?? [])
      .filter((reference) => reference.to === to.name && reference.onRemove === onRemove)
      .flatMap(({ fields }) => table.having(fields, key))
      .map((row) => ({ table, key: table.shape.key.map((field) => row[field]) })),
  );
}

function refuseEqual(table: Table, row: Row): void {
  for (const fields of table.shape.unique ?? []) {
    const values = fields.map((field) => row[field]);
    if (table.having(fields, values).length > 1)
      throw refusal('E_UNIQUE', table.name, `another record has the same ${fields.join(', ')}`);
  }
}

function refuseDangling(tables: ReadonlyMap<string, Table>, table: Table, row: Row): void {
  for (const { fields, to } of table.shape.references ?? []) {
    const values = fields.map((field) => row[field]);
    if (!values.includes(null) && (tables.get(to) as Table).get(values) === undefined)
      throw refusal('E_REFERENCE', table.name, `it refers to a record of ${to} that is not there`);
  }
}
