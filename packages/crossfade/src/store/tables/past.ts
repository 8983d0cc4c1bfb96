import type { Row } from '../../schema/collection.ts';
import { keyOf } from '../check-change.ts';
import type { KeyRange } from '../live/bulk.ts';
import type { Step } from './apply.ts';
import { compareKeys, walkRange } from './range.ts';
import type { Table } from './table.ts';
import { valuesText } from './values-text.ts';

/** A record that a snapshot sees: as the table has it still, or as it was before it changed. */
export interface Seen {
  readonly row: Row;
  /** It is kept here as a whole; else the table has it. */
  readonly isPast: boolean;
}

/** What one snapshot has to remember: of each record that has changed since it began, how it was. */
export class Memory {
  private readonly changed = new Map<Table, Map<string, Row | null>>();

  /** How a record was that has changed since, null for none; undefined where the table still has it. */
  past(table: Table, id: string): Row | null | undefined {
    return this.changed.get(table)?.get(id);
  }

  keep(table: Table, id: string, before: Row | null): void {
    const kept = this.changed.get(table) ?? new Map<string, Row | null>();
    this.changed.set(table, kept);
    if (!kept.has(id)) kept.set(id, before);
  }

  /** The records of a range as they were, in the order of the key. */
  *range(table: Table, range: KeyRange): Iterable<Seen> {
    const { shape } = table;
    const kept = this.changed.get(table) ?? new Map<string, Row | null>();
    const past = [...kept.values()]
      .filter((row) => row !== null)
      .filter((row) => isWithin(range, keyOf(shape, row)))
      .sort((a, b) => compareKeys(keyOf(shape, a), keyOf(shape, b)));
    let next = 0;
    for (const row of walkRange(table, range)) {
      const key = keyOf(shape, row);
      for (; next < past.length && compareKeys(keyOf(shape, past[next]), key) <= 0; next++)
        yield { row: past[next], isPast: true };
      if (!kept.has(valuesText(key))) yield { row, isPast: false };
    }
    for (; next < past.length; next++) yield { row: past[next], isPast: true };
  }
}

/**
 * Snapshots by copy on write: while somebody reads one, each record that changes is kept as it was. A snapshot costs
 * nothing but the records that change while it is read, once each, and holds up no write.
 */
export class Past {
  private readonly read = new Set<Memory>();

  /** Somebody reads a snapshot, so that changes have to be told. */
  get isRead(): boolean {
    return this.read.size > 0;
  }

  /**
   * Gives `work` what it has to read by.
   *
   * @param between runs the beginning between two writes: a snapshot that begins within one sees half of it
   */
  async during<T>(
    work: (memory: Memory) => Promise<T>,
    between: (begin: () => Promise<void>) => Promise<void> = (begin) => begin(),
  ): Promise<T> {
    const memory = new Memory();
    try {
      await between(async () => void this.read.add(memory));
      return await work(memory);
    } finally {
      this.read.delete(memory);
    }
  }

  /** Tells of a change, before anybody can read it. @param before the whole record, null for none */
  keep({ table, key }: Step, before: Row | null): void {
    for (const memory of this.read) memory.keep(table, valuesText(key), before);
  }
}

function isWithin({ after, upTo }: KeyRange, key: readonly Row[string][]): boolean {
  return (after === null || compareKeys(key, after) > 0) && (upTo === null || compareKeys(key, upTo) <= 0);
}
