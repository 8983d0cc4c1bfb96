import { compareKeys } from '../../schema/values/field-values.ts';
import type { DriverChange } from '../../store/contract.ts';

/** The same changes by collection and key, those of one key in their order: writes that lock in one order never wait in a circle. */
export function inLockOrder(changes: readonly DriverChange[]): DriverChange[] {
  return changes.toSorted((a, b) => {
    if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
    return compareKeys(a.key, b.key);
  });
}
