import type { Entry, StepRequest } from './contract.ts';
import type { StateName } from './states.ts';

/** A line before it has its number; only steps have an id and where they began. */
export type Telling = Omit<Entry, 'number' | 'stepId' | 'from'> & Partial<Pick<Entry, 'stepId' | 'from'>>;

interface Told {
  readonly group: string;
  readonly entry: Entry;
}

/** What has happened to the groups of a ledger in memory. */
export class MemoryHistory {
  private readonly entries: Told[] = [];

  add(group: string, told: Telling): void {
    const number = BigInt(this.entries.length + 1);
    this.entries.push({ group, entry: { stepId: null, from: null, ...told, number, facts: { ...told.facts } } });
  }

  /** Whether a step of this id was taken, and was this one. */
  step(id: string, group: string, { from, to }: StepRequest): 'none' | 'same' | 'another' {
    const found = this.entries.find(({ entry }) => entry.stepId === id);
    if (found === undefined) return 'none';
    const { entry } = found;
    const isSame =
      found.group === group && entry.epoch - 1n === from.epoch && entry.from === from.state && entry.to === to;
    return isSame ? 'same' : 'another';
  }

  /** The state that an epoch of a group has begun. */
  stateAt(group: string, epoch: bigint): StateName {
    const found = this.entries.find((each) => each.group === group && each.entry.epoch === epoch);
    return (found as Told).entry.to;
  }

  /** The lines of a group behind a number. */
  page(group: string, after: bigint, limit: number): Entry[] {
    const own = this.entries.filter((each) => each.group === group && each.entry.number > after);
    return own.slice(0, limit).map(({ entry }) => ({ ...entry, facts: { ...entry.facts } }));
  }
}
