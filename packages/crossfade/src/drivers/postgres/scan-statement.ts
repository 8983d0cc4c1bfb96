import { ident } from '../../core/sql-text.ts';
import type { Value } from '../../schema/collection.ts';
import type { Condition, DriverScan } from '../../store/contract.ts';
import type { Parameter } from './statement.ts';
import { ordered, type Table } from './table.ts';

/**
 * The text of a scan and its parameters. Values that are null are in the text, as IS NULL, and so is the limit: a plan
 * that does not know it would rather sort the whole table than read one page of the index.
 */
export function scanText(table: Table, scan: DriverScan): { readonly text: string; readonly values: Parameter[] } {
  const values: Parameter[] = [];
  const bind = (field: string, value: Value): string => {
    values.push(...table.parametersOf([field], [value]));
    return table.parameter(values.length, field);
  };
  const conditions = scan.where.map((condition) => conditionText(table, condition, bind));
  const order = orderText(table, scan);
  const page = (begins: readonly string[]): string => {
    const where = [...conditions, ...begins].join(' AND ');
    return `SELECT ${table.columns} FROM ${table.relation}${where === '' ? '' : ` WHERE ${where}`} ORDER BY ${order} LIMIT ${scan.limit}`;
  };
  const beginnings = beginningsOf(table, scan, bind);
  if (beginnings.length === 1) return { text: page(beginnings[0]), values };
  const union = beginnings.map((begins) => `(${page(begins)})`).join(' UNION ALL ');
  return { text: `SELECT * FROM (${union}) AS page ORDER BY ${order} LIMIT ${scan.limit}`, values };
}

type Bind = (field: string, value: Value) => string;

function conditionText(table: Table, { field, is, value }: Condition, bind: Bind): string {
  if (value !== null) return `${is === '=' ? ident(field) : ordered(table, field)} ${is} ${bind(field, value)}`;
  return is === '=' ? `${ident(field)} IS NULL` : 'FALSE';
}

/** Nulls come first. It is said of columns alone that may hold one: PostgreSQL takes it for another order than its own. */
function orderText(table: Table, { order, descending }: DriverScan): string {
  const direction = descending ? ['DESC', 'NULLS LAST'] : ['ASC', 'NULLS FIRST'];
  return order
    .map((field) =>
      [ordered(table, field), ...(isNullable(table, field) ? direction : direction.slice(0, 1))].join(' '),
    )
    .join(', ');
}

/**
 * Where a page begins, as conditions of which one holds for each record behind the place. One comparison of rows says
 * it where no null is in the way: a row comparison ends at the first null and does not hold, which ascending is right.
 * Else there is a range of the index for each field, and the page is put together from them: with OR in one condition
 * PostgreSQL would read the index from its beginning, for every page.
 */
function beginningsOf(table: Table, { order, after, descending }: DriverScan, bind: Bind): string[][] {
  if (after === null) return [[]];
  const isPlain = !after.includes(null) && (!descending || !order.some((field) => isNullable(table, field)));
  const places = after.map((value, i) => (value === null ? null : bind(order[i], value)));
  if (isPlain) {
    const columns = order.map((field) => ordered(table, field)).join(', ');
    return [[`(${columns}) ${descending ? '<' : '>'} (${places.join(', ')})`]];
  }
  const beginnings = order.flatMap((field, i) => {
    const equal = order
      .slice(0, i)
      .map((before, j) => (places[j] === null ? `${ident(before)} IS NULL` : `${ident(before)} = ${places[j]}`));
    return behind(table, field, places[i], descending).map((condition) => [...equal, condition]);
  });
  return beginnings.length === 0 ? [['FALSE']] : beginnings;
}

/** Conditions for the values of a field behind one of them, null being the least. */
function behind(table: Table, field: string, place: string | null, descending: boolean): string[] {
  if (place === null) return descending ? [] : [`${ident(field)} IS NOT NULL`];
  if (!descending) return [`${ordered(table, field)} > ${place}`];
  const less = `${ordered(table, field)} < ${place}`;
  return isNullable(table, field) ? [less, `${ident(field)} IS NULL`] : [less];
}

function isNullable(table: Table, field: string): boolean {
  return table.shape.fields[field].nullable === true;
}
