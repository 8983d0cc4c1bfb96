import type { Key } from '../../schema/collection.ts';
import { Reading } from './reading.ts';
import type { Requests } from './requests.ts';
import type { Held, Table } from './table.ts';

/** The readings of one collection: the latest whole one, and those that are under way. All learn of every write. */
export class Readings {
  private latest: Reading | null = null;
  private readonly underWay = new Set<Reading>();

  /** @param isFirst a scan begins, and is to see what others have written until now */
  async for(requests: Requests, table: Table, isFirst: boolean): Promise<Reading> {
    if (!isFirst && this.latest !== null && !this.latest.isOld) return this.latest;
    const reading = new Reading(table);
    this.underWay.add(reading);
    try {
      await reading.fill(requests);
      this.latest = reading;
      return reading;
    } finally {
      this.underWay.delete(reading);
    }
  }

  /** What became of a record by a write of this store. */
  note(key: Key, held: Held | null): void {
    this.latest?.note(key, held);
    for (const reading of this.underWay) reading.note(key, held);
  }

  /** Nobody knows what became of a write. */
  forget(): void {
    this.latest = null;
  }
}
