import { compareValues } from '../../schema/values/field-values.ts';
import type { DriverChange } from '../../store/contract.ts';

/** The same changes by collection and key, those of one key in their order: writes that lock in one order never wait in a circle. */
export function inLockOrder(changes: readonly DriverChange[]): DriverChange[] {
  return changes.toSorted((a, b) => {
    if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
    const at = a.key.findIndex((value, i) => compareValues(value, b.key[i]) !== 0);
    return at < 0 ? 0 : compareValues(a.key[at], b.key[at]);
  });
}
