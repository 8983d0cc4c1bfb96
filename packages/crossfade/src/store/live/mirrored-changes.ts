import type { DriverChange } from '../contract.ts';
import { valuesText } from '../tables/values-text.ts';
import type { Mirrored } from './mirror.ts';

/** The changes that make each record as it was given last, in that order: what was given before is nobody's to see. */
export function mirroredChanges(records: readonly Mirrored[]): DriverChange[] {
  const idOf = ({ collection, key }: Mirrored): string => `${collection}\0${valuesText(key)}`;
  const last = new Map(records.map((record) => [idOf(record), record]));
  return records
    .filter((record) => last.get(idOf(record)) === record)
    .map(({ collection, key, row }) =>
      row === null ? { kind: 'remove', collection, key } : { kind: 'put', collection, key, row },
    );
}
