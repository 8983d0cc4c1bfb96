import { randomBytes, randomUUID } from 'node:crypto';
import { emptyRow, type FieldType, type Key, type Row, type Value } from '../../../schema/collection.ts';
import type { DriverChange } from '../../../store/contract.ts';
import { columnTypes } from './cells.ts';
import { makeChange } from './changes.ts';
import type { Table } from './table.ts';

/**
 * Makes the changes of one write so that unique sets are judged by its end, as the contract says: SQLite judges each
 * statement, and would refuse that two records swap their values. The changes are made with values of their own in the
 * place of unique ones, and these follow when everything else stands. Nobody else sees the state between.
 *
 * @param before runs when everything else stands
 */
export function makeParked(
  tables: ReadonlyMap<string, Table>,
  changes: readonly DriverChange[],
  before: () => void = () => undefined,
): void {
  const finals = new Map<string, { readonly table: Table; readonly key: Key; readonly set: Record<string, Value> }>();
  for (const change of changes) {
    const table = tables.get(change.collection) as Table;
    const id = JSON.stringify([change.collection, ...change.key.map(String)]);
    if (change.kind === 'remove') {
      finals.delete(id);
      table.remove(change.key);
      continue;
    }
    const given = change.kind === 'patch' ? change.set : change.row;
    const unique = parkedFields(table).filter((field) => Object.hasOwn(given, field));
    const parked: Row = Object.assign(emptyRow(), given, parkedValues(table, unique));
    makeChange(table, change.kind === 'patch' ? { ...change, set: parked } : { ...change, row: parked });
    const set = finals.get(id)?.set ?? emptyRow();
    for (const field of unique) set[field] = given[field];
    finals.set(id, { table, key: change.key, set });
  }
  before();
  for (const { table, key, set } of finals.values())
    makeChange(table, { kind: 'patch', collection: table.name, key, set });
}

/** A patch does not change the key, so its fields stay where they are. */
function parkedFields({ shape }: Table): string[] {
  return [...new Set((shape.unique ?? []).flat())].filter((field) => !shape.key.includes(field));
}

function parkedValues({ shape }: Table, fields: readonly string[]): Row {
  const row = emptyRow();
  for (const field of fields) {
    const { type, nullable } = shape.fields[field];
    row[field] = nullable === true ? null : ownValue(type);
  }
  return row;
}

/** A value that no record has: beyond what the type allows, but of its storage class. */
function ownValue(type: FieldType): Value {
  return columnTypes[type] === 'INTEGER' ? randomBytes(8).readBigInt64BE() : randomUUID();
}
