import type { Collection, Value } from '../../../schema/collection.ts';
import type { Condition, DriverScan } from '../../../store/contract.ts';
import { name } from '../names.ts';
import { type Cell, cellOf } from './cells.ts';

/** A scan in SQL, but for what is selected. */
export interface ScanQuery {
  /** FROM and WHERE and ORDER BY of selects whose union is the page, each to be followed by LIMIT. */
  readonly parts: readonly string[];
  /** What to order their union by, as positions of a field in the schema. */
  readonly order: string;
  /** For the parts in turn; each limit among them but that of the union. */
  readonly values: readonly Cell[];
}

/** A piece of SQL with what stands for its question marks. */
export interface Sql {
  readonly text: string;
  readonly values: readonly Cell[];
}

/**
 * A page begins behind a cursor: behind (5, 'x') lie the records with 5 and more than 'x', then those with more than 5.
 * Each of the two is one range of an index, which an OR of both is not; where no NULL is about, SQLite's own comparison
 * of row values says it in one. NULL is the least of all, to SQLite's ORDER BY as to the contract.
 */
export function scanQuery(table: string, shape: Collection, scan: DriverScan): ScanQuery {
  const direction = scan.descending ? ' DESC' : '';
  const asked = scan.where.map((condition) => conditionSql(shape, condition));
  const ordered = scan.order.map((field) => `${operand(shape, field)}${direction}`).join(', ');
  const ranges = rangesBehind(shape, scan);
  const parts = ranges.map((range) => {
    const conditions = [...asked, ...range].map(({ text }) => text);
    return `FROM ${table}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''} ORDER BY ${ordered}`;
  });
  const limits = ranges.length > 1 ? [scan.limit] : [];
  const values = ranges.flatMap((range) => [...[...asked, ...range].flatMap((sql) => sql.values), ...limits]);
  const fields = Object.keys(shape.fields);
  const order = scan.order.map((field) => `${fields.indexOf(field) + 1} COLLATE BINARY${direction}`).join(', ');
  return { parts, order, values };
}

/** The ranges behind the cursor, each as conditions that hold together. */
function rangesBehind(shape: Collection, { order, after, descending }: DriverScan): readonly (readonly Sql[])[] {
  if (after === null) return [[]];
  const nullable = order.some((field) => shape.fields[field].nullable === true);
  if (!after.includes(null) && !(descending && nullable)) {
    const row = order.map((field) => operand(shape, field)).join(', ');
    const text = `(${row}) ${descending ? '<' : '>'} (${order.map(() => '?').join(', ')})`;
    return [[{ text, values: order.map((field, i) => cell(shape, field, after[i])) }]];
  }
  return order.map((_, i) => [
    ...order.slice(0, i).map((field, k) => equal(shape, field, after[k])),
    behind(shape, order[i], after[i], descending),
  ]);
}

function equal(shape: Collection, field: string, value: Value): Sql {
  return { text: `${operand(shape, field)} IS ?`, values: [cell(shape, field, value)] };
}

function behind(shape: Collection, field: string, value: Value, descending: boolean): Sql {
  const at = operand(shape, field);
  if (value === null) return { text: descending ? '0' : `${at} IS NOT NULL`, values: [] };
  const values = [cell(shape, field, value)];
  return descending ? { text: `(${at} < ? OR ${at} IS NULL)`, values } : { text: `${at} > ?`, values };
}

function conditionSql(shape: Collection, { field, is, value }: Condition): Sql {
  if (is === '=') return equal(shape, field, value);
  return { text: `${operand(shape, field)} ${is} ?`, values: [cell(shape, field, value)] };
}

/** A field to compare or order by: text by its bytes, whatever the column says. */
export function operand(shape: Collection, field: string): string {
  return shape.fields[field].type === 'text' ? `${name(field)} COLLATE BINARY` : name(field);
}

function cell(shape: Collection, field: string, value: Value): Cell {
  return cellOf(shape.fields[field].type, value);
}
