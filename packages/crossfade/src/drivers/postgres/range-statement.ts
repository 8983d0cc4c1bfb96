import type { Key } from '../../schema/collection.ts';
import type { KeyRange } from '../../store/live/bulk.ts';
import type { Parameter } from './statement.ts';
import { ordered, type Table } from './table.ts';

/** The condition that a key lies in a range, with its parameters: each bound is one comparison of rows, as an index has it. */
export function rangeCondition(
  table: Table,
  { after, upTo }: KeyRange,
): { readonly text: string; readonly values: readonly Parameter[] } {
  const { key } = table.shape;
  const values: Parameter[] = [];
  const columns = key.map((field) => ordered(table, field)).join(', ');
  const bound = (is: '>' | '<=', at: Key | null): string[] => {
    if (at === null) return [];
    const places = key.map((field, i) => table.parameter(values.length + i + 1, field)).join(', ');
    values.push(...table.parametersOf(key, at));
    return [`(${columns}) ${is} (${places})`];
  };
  return { text: ['TRUE', ...bound('>', after), ...bound('<=', upTo)].join(' AND '), values };
}

/** The records of a range in the order of the key. The limit is in the text, as that of a scan is. */
export function rangeText(
  table: Table,
  range: KeyRange,
  limit: number,
): { readonly text: string; readonly values: readonly Parameter[] } {
  const { text, values } = rangeCondition(table, range);
  const order = table.shape.key.map((field) => ordered(table, field)).join(', ');
  return {
    text: `SELECT ${table.columns} FROM ${table.relation} WHERE ${text} ORDER BY ${order} LIMIT ${limit}`,
    values,
  };
}
