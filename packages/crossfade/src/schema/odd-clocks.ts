import { displayKey } from '../core/key-text.ts';
import type { DesignLog, Draft } from './draft.ts';
import { count, witness } from './evidence.ts';

/** What is said of times that the clocks of a column's zone showed twice, or never. */
const oddities = [
  ['clockTwice', 'may be either of two instants, and the first was taken: the clocks showed them twice'],
  ['clockSkipped', 'are no instants: the clocks never showed them'],
] as const;

/** Counts the wall-clock times that a zone named by a rule does not make one instant of: some hours a year, in most zones. */
export function noteOddClocks({ source, columns, evidence }: Draft, log: DesignLog): void {
  for (const [i, column] of columns.entries()) {
    const zone = column.rules.find((rule) => rule.kind === 'zone')?.zone;
    for (const [fact, what] of oddities) {
      const row = witness(evidence[i], fact);
      if (zone === undefined || row === null) continue;
      const times = `${count(evidence[i], fact)} of the times in ${JSON.stringify(`${source.name}.${column.source.name}`)}`;
      log.warnings.push(`${times} ${what} (${zone}; the first in ${displayKey(row)}).`);
    }
  }
}
