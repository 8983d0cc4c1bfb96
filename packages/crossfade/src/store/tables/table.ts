import type { Collection, FieldType, Key, Row } from '../../schema/collection.ts';
import { compareValues } from '../../schema/values/field-values.ts';
import type { DriverScan } from '../contract.ts';
import { valuesText } from './values-text.ts';

const objectTypes: readonly FieldType[] = ['json', 'bytes'];

/**
 * The records of one collection in memory, by key, with what finds them by a unique set or a reference. A row may lack
 * fields that are in no key, unique set, index or reference.
 */
export class Table {
  readonly name: string;
  readonly shape: Collection;
  /** The fields whose values are objects, so that a copy of a record has to copy these too. */
  readonly objectFields: readonly string[];
  private readonly rows = new Map<string, Row>();
  /** One of each unique set and reference: the keys of the records that have the values. */
  private readonly finders: readonly { readonly fields: readonly string[]; readonly keys: Map<string, Set<string>> }[];
  /** One of each order that was ever scanned. */
  private readonly sorted = new Map<string, SortedRows>();

  constructor(name: string, shape: Collection) {
    this.name = name;
    this.shape = shape;
    this.objectFields = Object.keys(shape.fields).filter((field) => objectTypes.includes(shape.fields[field].type));
    const lists = [...(shape.unique ?? []), ...(shape.references ?? []).map((reference) => reference.fields)];
    this.finders = lists.map((fields) => ({ fields, keys: new Map<string, Set<string>>() }));
  }

  /** It has unique sets or references, which a record may break. */
  get isConstrained(): boolean {
    return this.finders.length > 0;
  }

  get size(): number {
    return this.rows.size;
  }

  get(key: Key): Row | undefined {
    return this.rows.get(valuesText(key));
  }

  /** Replaces the record of the key, makes it, or removes it; returns what was there. */
  set(key: Key, row: Row | undefined): Row | undefined {
    const id = valuesText(key);
    const before = this.rows.get(id);
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
    for (const { fields, keys } of this.finders) {
      if (before !== undefined) forget(keys, textOf(before, fields), id);
      if (row !== undefined) note(keys, textOf(row, fields), id);
    }
    for (const sorted of this.sorted.values()) {
      if (before !== undefined && row !== undefined) sorted.replace(before, row);
      else if (before !== undefined) sorted.remove(before);
      else if (row !== undefined) sorted.add(row);
    }
    return before;
  }

  /** The records that have these values in the fields of a unique set or reference; none for a null. */
  having(fields: readonly string[], values: Key): Row[] {
    if (values.includes(null)) return [];
    const finder = this.finders.find((each) => each.fields.join('\0') === fields.join('\0'));
    return [...(finder?.keys.get(valuesText(values)) ?? [])].map((id) => this.rows.get(id) as Row);
  }

  /** The records that have these values in the first fields of the key, a unique set or an index. */
  withValues(fields: readonly string[], values: Key): Row[] {
    const { key } = this.shape;
    return this.sortedBy([...fields, ...key.filter((field) => !fields.includes(field))]).beginningWith(values);
  }

  scan(scan: DriverScan): Row[] {
    if (scan.where.length === 0) return this.sortedBy(scan.order).page(scan);
    const found: Row[] = [];
    for (const row of this.walk(scan)) {
      if (scan.where.every((condition) => holds(row, condition))) found.push(row);
      if (found.length === scan.limit) break;
    }
    return found;
  }

  /** Every record behind `after`, in order, whatever the conditions and the limit are. Nothing is written meanwhile. */
  walk(scan: DriverScan): Iterable<Row> {
    return this.sortedBy(scan.order).walk(scan);
  }

  private sortedBy(order: readonly string[]): SortedRows {
    const id = order.join('\0');
    let sorted = this.sorted.get(id);
    if (sorted === undefined) {
      sorted = new SortedRows(order, this.rows.values());
      this.sorted.set(id, sorted);
    }
    return sorted;
  }

  /** Every record, in the order of the key. */
  all(): readonly Row[] {
    return new SortedRows(this.shape.key, this.rows.values()).rows;
  }
}

/** Records in one order. Finding is a binary search, adding moves what lies behind. */
class SortedRows {
  readonly rows: Row[];
  private readonly order: readonly string[];

  constructor(order: readonly string[], rows: Iterable<Row>) {
    this.order = order;
    this.rows = [...rows].sort((a, b) => this.compare(a, valuesOf(b, order)));
  }

  add(row: Row): void {
    this.rows.splice(this.firstNotBefore(valuesOf(row, this.order)), 0, row);
  }

  remove(row: Row): void {
    this.rows.splice(this.firstNotBefore(valuesOf(row, this.order)), 1);
  }

  /** Most records that change stay where they are, and nothing has to be moved. */
  replace(before: Row, row: Row): void {
    const values = valuesOf(before, this.order);
    if (this.compare(row, values) === 0) this.rows[this.firstNotBefore(values)] = row;
    else {
      this.remove(before);
      this.add(row);
    }
  }

  /** @param values of the first fields of the order */
  beginningWith(values: Key): Row[] {
    const start = this.firstNotBefore(values);
    let end = start;
    while (end < this.rows.length && this.compare(this.rows[end], values) === 0) end++;
    return this.rows.slice(start, end);
  }

  page({ descending, after, limit }: DriverScan): Row[] {
    const at = this.start(after, descending);
    return descending
      ? this.rows.slice(Math.max(0, at + 1 - limit), at + 1).toReversed()
      : this.rows.slice(at, at + limit);
  }

  *walk({ descending, after }: DriverScan): Iterable<Row> {
    const step = descending ? -1 : 1;
    for (let i = this.start(after, descending); i >= 0 && i < this.rows.length; i += step) yield this.rows[i];
  }

  private start(after: Key | null, descending: boolean): number {
    if (after === null) return descending ? this.rows.length - 1 : 0;
    const at = this.firstNotBefore(after);
    if (descending) return at - 1;
    return at < this.rows.length && this.compare(this.rows[at], after) === 0 ? at + 1 : at;
  }

  private firstNotBefore(values: Key): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(this.rows[middle], values) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compare(row: Row, values: Key): number {
    for (let i = 0; i < values.length; i++) {
      const difference = compareValues(row[this.order[i]], values[i]);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** Whether a record meets one condition of a scan. */
export function holds(row: Row, { field, is, value }: DriverScan['where'][number]): boolean {
  const held = row[field];
  if (held === null || value === null) return is === '=' && held === value;
  const difference = compareValues(held, value);
  return comparisons[is](difference);
}

const comparisons: Readonly<Record<DriverScan['where'][number]['is'], (difference: number) => boolean>> = {
  '=': (difference) => difference === 0,
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
};

function valuesOf(row: Row, fields: readonly string[]): Key {
  return fields.map((field) => row[field]);
}

/** Null for a set with a null in it, which equals nothing. */
function textOf(row: Row, fields: readonly string[]): string | null {
  const values = valuesOf(row, fields);
  return values.includes(null) ? null : valuesText(values);
}

function note(keys: Map<string, Set<string>>, text: string | null, id: string): void {
  if (text === null) return;
  const ids = keys.get(text);
  if (ids === undefined) keys.set(text, new Set([id]));
  else ids.add(id);
}

function forget(keys: Map<string, Set<string>>, text: string | null, id: string): void {
  if (text === null) return;
  const ids = keys.get(text);
  ids?.delete(id);
  if (ids?.size === 0) keys.delete(text);
}
