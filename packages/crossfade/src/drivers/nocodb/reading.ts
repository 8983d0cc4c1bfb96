import { emptyRow, type Key, type Row } from '../../schema/collection.ts';
import type { DriverScan } from '../../store/contract.ts';
import { keyOf } from '../../store/check-change.ts';
import { Table as Known } from '../../store/tables/table.ts';
import { valuesText } from '../../store/tables/values-text.ts';
import { storeDamaged } from './failure.ts';
import { pages } from './pages.ts';
import type { Requests } from './requests.ts';
import { Damage, type Held, type Id, type Record_, type Table } from './table.ts';
import { titleOf } from './title.ts';

/**
 * What a scan goes by: of each record its Id and the values that it is ordered by, read once through the whole table.
 * How NocoDB's database orders text is its own affair, so the order is made here. Writes of this store are noted; those
 * of others come with the next reading.
 */
export class Reading {
  readonly known: Known;
  private readonly table: Table;
  private readonly ids = new Map<string, Id>();
  private readonly fields: readonly string[];
  /** Keys that were written while the table was being read: what was read of them may be older. */
  private written: Set<string> | null = new Set();
  private readonly startedAt = performance.now();
  private tookMs = 0;

  constructor(table: Table) {
    const { key, unique = [], indexes = [] } = table.shape;
    this.table = table;
    this.known = new Known(table.name, table.shape);
    this.fields = [...new Set([...key, ...unique.flat(), ...indexes.flat()])];
  }

  /** Reads the table. @throws RequestFailure, Damage, CrossfadeError E_RECORD_DAMAGED */
  async fill(requests: Requests): Promise<void> {
    const { table } = this;
    const unfit: Damage[] = [];
    for await (const page of pages(requests, table, { filter: null, titles: this.fields.map(titleOf) }))
      for (const record of page) this.take(record, unfit);
    if (unfit.length > 0) throw unfitError(table, unfit);
    this.written = null;
    this.tookMs = performance.now() - this.startedAt;
  }

  /** What became of a record by a write of this store. */
  note(key: Key, held: Held | null): void {
    const text = valuesText(key);
    this.written?.add(text);
    this.known.set(key, held === null ? undefined : this.part(held.row));
    if (held === null) this.ids.delete(text);
    else this.ids.set(text, held.id);
  }

  idOf(key: Key): Id {
    return this.ids.get(valuesText(key)) as Id;
  }

  /** Of a record that was read anew: whether it stands where it was known to stand. */
  isAsKnown(row: Row): boolean {
    const known = this.known.get(keyOf(this.table.shape, row));
    return known !== undefined && this.fields.every((field) => known[field] === row[field]);
  }

  has(field: string): boolean {
    return this.fields.includes(field);
  }

  /** A scan that takes long goes on by what it began with; one that was left lying does not. */
  get isOld(): boolean {
    return performance.now() - this.startedAt > Math.max(60_000, 10 * this.tookMs);
  }

  private take(record: Record_, unfit: Damage[]): void {
    try {
      const row = this.table.rowOf(record, this.fields);
      const key = keyOf(this.table.shape, row);
      if (this.written?.has(valuesText(key))) return;
      const id = this.table.idOf(record);
      if (this.known.set(key, row) !== undefined) throw new Damage(id, 'has the same key as another one');
      this.ids.set(valuesText(key), id);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      unfit.push(error);
    }
  }

  private part(row: Row): Row {
    const part = emptyRow();
    for (const field of this.fields) part[field] = row[field];
    return part;
  }
}

function unfitError(table: Table, unfit: readonly Damage[]): Error {
  const ids = unfit.map(({ id }) => id);
  const why = `cannot be read as the schema says; the first one ${unfit[0].message}`;
  return storeDamaged(table.name, ids, why, 'A scan would leave them out, so nothing was read.');
}

/** A scan, cut down to what a reading knows. */
export function knownPart(reading: Reading, scan: DriverScan): DriverScan {
  return { ...scan, where: scan.where.filter(({ field }) => reading.has(field)) };
}
