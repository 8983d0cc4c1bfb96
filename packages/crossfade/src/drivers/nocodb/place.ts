import type { Readings } from './readings.ts';
import type { Requests } from './requests.ts';
import type { Table } from './table.ts';
import type { Turns } from './turns.ts';

/** One collection of an open store. */
export interface Place {
  readonly requests: Requests;
  readonly table: Table;
  /** Writes of one key, one after the other. */
  readonly turns: Turns;
  /** What scans go by. */
  readonly readings: Readings;
}
