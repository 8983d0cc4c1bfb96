import type { DriverChange } from './contract.ts';

/**
 * The changes of a write without removals that a later change of the same write takes back: a record that is removed
 * and made anew is there at the end, so that what refers to it stays, where a database would have removed it at once.
 */
export function settled(changes: readonly DriverChange[]): readonly DriverChange[] {
  if (changes.length === 1) return changes;
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
