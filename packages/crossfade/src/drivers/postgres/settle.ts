import { compareValues } from '../../schema/values/field-values.ts';
import type { DriverChange } from '../../store/contract.ts';

/**
 * The changes of a write without removals that a later change of the same write takes back: a record that is removed
 * and made anew is there at the end, so that what refers to it stays, where PostgreSQL would have removed it at once.
 */
export function settled(changes: readonly DriverChange[]): DriverChange[] {
  const last = new Map<string, number>();
  const kept: (DriverChange | null)[] = [...changes];
  changes.forEach((change, i) => {
    const id = JSON.stringify([change.collection, ...change.key.map(String)]);
    const before = last.get(id);
    last.set(id, i);
    if (before === undefined || changes[before].kind !== 'remove') return;
    if (change.kind !== 'insert' && change.kind !== 'put') return;
    kept[before] = null;
    kept[i] = { ...change, kind: 'put' };
  });
  return kept.filter((change) => change !== null);
}

/** The same changes by collection and key, those of one key in their order: writes that lock in one order never wait in a circle. */
export function inLockOrder(changes: readonly DriverChange[]): DriverChange[] {
  return changes.toSorted((a, b) => {
    if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
    const at = a.key.findIndex((value, i) => compareValues(value, b.key[i]) !== 0);
    return at < 0 ? 0 : compareValues(a.key[at], b.key[at]);
  });
}
