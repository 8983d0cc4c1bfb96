import type { Key, Row } from '../../schema/collection.ts';
import { compareValues } from '../../schema/values/field-values.ts';
import { keyOf } from '../check-change.ts';
import type { KeyRange, LoadCount } from '../live/bulk.ts';
import type { Led } from '../live/led.ts';
import type { Table } from './table.ts';
import { valuesText } from './values-text.ts';

/** The records of a range, in the order of the key. Nothing is written meanwhile. */
export function* walkRange(table: Table, { after, upTo }: KeyRange): Iterable<Row> {
  const { key } = table.shape;
  for (const row of table.walk({ where: [], order: key, descending: false, after, limit: Infinity })) {
    if (upTo !== null && compareKeys(keyOf(table.shape, row), upTo) > 0) return;
    yield row;
  }
}

/** The first of them, no more than are asked for. */
export function taken<T>(found: Iterable<T>, limit: number): T[] {
  const first: T[] = [];
  for (const each of found) {
    if (first.length === limit) break;
    first.push(each);
  }
  return first;
}

/** The order of the key. */
export function compareKeys(a: Key, b: Key): number {
  const at = a.findIndex((value, i) => compareValues(value, b[i]) !== 0);
  return at < 0 ? 0 : compareValues(a[at], b[at]);
}

/** What makes a range hold these records and nothing else. */
export function ledByLoad(
  table: Table,
  range: KeyRange,
  rows: readonly Row[],
  keep: readonly Key[],
): { readonly led: Led; readonly count: LoadCount } {
  const { name: collection, shape } = table;
  const kept = new Set(keep.map(valuesText));
  const puts = rows
    .map((row) => ({ kind: 'put' as const, collection, key: keyOf(shape, row), row }))
    .filter(({ key }) => !kept.has(valuesText(key)));
  const given = new Set(puts.map(({ key }) => valuesText(key)));
  const removals = Array.from(walkRange(table, range), (row) => keyOf(shape, row))
    .filter((key) => !given.has(valuesText(key)) && !kept.has(valuesText(key)))
    .map((key) => ({ kind: 'remove' as const, collection, key }));
  const stay = keep.map((key) => ({ collection, key }));
  return { led: { puts, removals, kept: stay }, count: { written: puts.length, removed: removals.length } };
}
