import type { Key, Row } from '../../schema/collection.ts';
import type { DriverChange } from '../contract.ts';
import { refusal } from '../refusal.ts';
import type { Mirrored } from './mirror.ts';
import { valuesText } from '../tables/values-text.ts';

/** A record that another store has. */
export interface Put {
  readonly kind: 'put';
  readonly collection: string;
  readonly key: Key;
  readonly row: Row;
}

/** A key of which another store has no record. */
export interface Removal {
  readonly kind: 'remove';
  readonly collection: string;
  readonly key: Key;
}

/**
 * What makes a store hold what another one leads. The puts are made first: a removal takes along whatever still refers
 * to its record, and the puts may be what parts it from there.
 */
export interface Led {
  readonly puts: readonly Put[];
  readonly removals: readonly Removal[];
  /** Records that no removal may take along, and that are neither put nor removed. */
  readonly kept: readonly RecordName[];
}

/** What names a record. */
export type RecordName = Pick<DriverChange, 'collection' | 'key'>;

/** What makes each record as it was given last: what was given before is nobody's to see. */
export function ledBy(records: readonly Mirrored[]): Led {
  const last = new Map(records.map((record) => [recordText(record), record]));
  const puts: Put[] = [];
  const removals: Removal[] = [];
  for (const record of records) {
    const { collection, key, row } = record;
    if (last.get(recordText(record)) !== record) continue;
    if (row === null) removals.push({ kind: 'remove', collection, key });
    else puts.push({ kind: 'put', collection, key, row });
  }
  return { puts, removals, kept: [] };
}

/** A record's collection and key as one string, different for different records. */
export function recordText({ collection, key }: RecordName): string {
  return `${collection}\0${valuesText(key)}`;
}

/** The refusal where a removal would take along a record that was given or is kept. */
export function takenRefusal(collection: string): Error {
  return refusal('E_REFERENCE', collection, 'a record that is to be there refers to one that is to be removed');
}
