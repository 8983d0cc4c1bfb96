import { ident } from '../../core/sql-text.ts';
import { list } from '../../schema/ddl.ts';
import type { DriverChange } from '../../store/contract.ts';
import type { Parameter, Statement } from './statement.ts';
import type { Table } from './table.ts';

/** A statement with what its parameters stand for. */
export interface Bound {
  readonly statement: Statement;
  readonly values: readonly Parameter[];
}

/** The texts of the verbs that name one record; each verb of a collection has one, a patch one for each set of fields. */
export function keyTexts(table: Table) {
  const { relation, columns, fields } = table;
  const parameters = fields.map((field, i) => table.parameter(i + 1, field)).join(', ');
  const insert = `INSERT INTO ${relation} (${columns}) VALUES (${parameters})`;
  const read = `SELECT ${columns} FROM ${relation} WHERE ${isKey(table, 1)}`;
  return {
    read,
    // Nobody else writes the row until the end; that others refer to it meanwhile does no harm.
    readForUpdate: `${read} FOR NO KEY UPDATE`,
    insert,
    put: `${insert} ${conflictText(table)}`,
    remove: `DELETE FROM ${relation} WHERE ${isKey(table, 1)}`,
  };
}

/** What makes an INSERT a put: a record of the key that is there is replaced. */
export function conflictText({ fields, shape }: Table): string {
  const rest = fields.filter((field) => !shape.key.includes(field));
  const replaced = rest.map((field) => `${ident(field)} = EXCLUDED.${ident(field)}`).join(', ');
  return `ON CONFLICT (${list(shape.key)}) DO ${replaced === '' ? 'NOTHING' : `UPDATE SET ${replaced}`}`;
}

/** A patch of these fields; without fields, whether the record is there. */
export function patchText(table: Table, fields: readonly string[]): string {
  const where = `WHERE ${isKey(table, fields.length + 1)}`;
  if (fields.length === 0) return `SELECT FROM ${table.relation} ${where} FOR KEY SHARE`;
  const set = fields.map((field, i) => `${ident(field)} = ${table.parameter(i + 1, field)}`).join(', ');
  return `UPDATE ${table.relation} SET ${set} ${where}`;
}

/** The parameters of a change, in the order of its text. */
export function changeValues(table: Table, change: DriverChange): Parameter[] {
  const { fields, shape } = table;
  const key = (): Parameter[] => table.parametersOf(shape.key, change.key);
  if (change.kind === 'remove') return key();
  const named = change.kind === 'patch' ? patched(table, change.set) : fields;
  const row = change.kind === 'patch' ? change.set : change.row;
  const values = table.parametersOf(
    named,
    named.map((field) => row[field]),
  );
  return change.kind === 'patch' ? [...values, ...key()] : values;
}

/** The fields of a patch in the order of the schema, so that equal patches share a statement. */
export function patched(table: Table, set: object): string[] {
  return table.fields.filter((field) => Object.hasOwn(set, field));
}

function isKey(table: Table, first: number): string {
  return table.shape.key.map((field, i) => `${ident(field)} = ${table.parameter(first + i, field)}`).join(' AND ');
}
