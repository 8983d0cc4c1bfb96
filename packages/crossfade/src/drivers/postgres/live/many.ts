import { ident } from '../../../core/sql-text.ts';
import type { Key } from '../../../schema/collection.ts';
import { list } from '../../../schema/ddl.ts';
import { conflictText } from '../change-statements.ts';
import { codecs } from '../codecs.ts';
import type { Parameter } from '../statement.ts';
import type { Table } from '../table.ts';

/** Puts any number of records by one statement: a parameter for each field, with the values of all of them. */
export function putMany(table: Table): string {
  return `INSERT INTO ${table.relation} (${table.columns}) SELECT * FROM ${unnested(table, table.fields, 1)} ${conflictText(table)}`;
}

/** Removes any number of records: a parameter for each field of the key. */
export function removeMany(table: Table): string {
  const { key } = table.shape;
  return `DELETE FROM ${table.relation} AS t USING ${unnested(table, key, 1)} AS gone (${list(key)}) WHERE ${equalKeys(table, 't', 'gone')}`;
}

/** How many of these records are there: a parameter for each field of the key. */
export function heldMany(table: Table): string {
  const { key } = table.shape;
  return `SELECT count(*) FROM ${table.relation} AS t JOIN ${unnested(table, key, 1)} AS given (${list(key)}) ON ${equalKeys(table, 't', 'given')}`;
}

/** The records that have the values of any of these lists, which are all different, in the fields: a parameter for each of them. */
export function findMany(table: Table, fields: readonly string[]): string {
  return `SELECT ${table.fields.map((field) => `t.${ident(field)}`).join(', ')} FROM ${table.relation} AS t
    JOIN ${unnested(table, fields, 1)} AS given (${list(fields)}) ON ${equalFields(fields, 't', 'given')}`;
}

/** Where the rows of these records lie, as one text, and locks them: a parameter for each field of the key. */
export function placesOfMany(table: Table): string {
  const { key } = table.shape;
  return `SELECT array_agg((part, place) ORDER BY part, place)::text FROM (SELECT t.tableoid AS part, t.ctid AS place FROM ${table.relation} AS t
    JOIN ${unnested(table, key, 1)} AS kept (${list(key)}) ON ${equalKeys(table, 't', 'kept')} FOR SHARE OF t) AS places`;
}

/** Parameters from `first` on, as a table with a column for each field. */
export function unnested({ shape }: Table, fields: readonly string[], first: number): string {
  return `unnest(${fields.map((field, i) => `$${first + i}::${codecs[shape.fields[field].type].column}[]`).join(', ')})`;
}

/** The same key in two tables. */
export function equalKeys({ shape }: Table, a: string, b: string): string {
  return equalFields(shape.key, a, b);
}

function equalFields(fields: readonly string[], a: string, b: string): string {
  return fields.map((field) => `${a}.${ident(field)} = ${b}.${ident(field)}`).join(' AND ');
}

/** A parameter for each field, with its values out of all the lists, which have the order of the fields. */
export function columnsOf(table: Table, fields: readonly string[], lists: readonly Key[]): Parameter[] {
  const cells = lists.map((values) => table.parametersOf(fields, values));
  return fields.map((_, i) => cells.map((each) => each[i]));
}
