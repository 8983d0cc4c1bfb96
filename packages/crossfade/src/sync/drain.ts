import type { Unit } from '../schema/mapping/mapping.ts';
import { unitOfKey } from '../schema/mapping/unit.ts';
import type { JournalEntry } from '../store/live/capture.ts';
import { type Leg, legOf } from './leg.ts';
import { type Synced, sync, unitText } from './sync.ts';

/** One round of draining. */
export interface Drained extends Synced {
  /** Entries that were cleared. */
  readonly cleared: number;
  /** Entries that stay: their write is under way, or their unit was refused. */
  readonly waiting: number;
  /** Entries that name no key, so that only a full comparison finds what they are about; they stay. */
  readonly unnamed: number;
  /** Whether the journal may have more entries than were looked at. */
  readonly isMore: boolean;
  /** Everything that the journal holds was made up for: nothing waits, is unnamed or quarantined, and there is no more. */
  readonly isDrained: boolean;
}

/** How a journal is drained. */
export interface DrainOptions {
  /** Entries of a round. */
  readonly limit?: number;
  /**
   * Units of which the leader may have nothing any more, in a round, and in all rounds together that meet nothing else:
   * beyond that a round writes nothing. Default 500.
   */
  readonly removalsMax?: number;
  /** Is told of the units of each round before they are written. */
  readonly onUnits?: (units: readonly Unit[]) => void;
}

/**
 * Makes up to the follower for what the leader's journal holds, round by round: the entries are seen, then the leader is
 * read, then what was seen is cleared. A write in between makes an entry of its own, or keeps the one that is there.
 *
 * What cannot be read, mapped or held is quarantined: its entries stay, the others go on, and every round tries it again.
 */
export class Drain {
  private readonly leg: Leg;
  private readonly limit: number;
  private readonly removalsMax: number;
  private readonly onUnits: (units: readonly Unit[]) => void;
  /** Entries that stay are the oldest of the journal: the next round looks so many further. */
  private staying = 0;
  /** Units of which the leader has nothing, in rounds one after the other that met no other ones. */
  private goneInTurn = 0;

  /** @throws TypeError for a mapping whose units a journal of keys does not name */
  constructor(leg: Leg, { limit = 1_000, removalsMax = 500, onUnits = () => undefined }: DrainOptions = {}) {
    this.leg = legOf(leg);
    this.limit = limit;
    this.removalsMax = removalsMax;
    this.onUnits = onUnits;
  }

  /** @throws CrossfadeError E_FENCED when the epoch of the leg is over; E_MASS_REMOVAL; and those of either store */
  async round(): Promise<Drained> {
    const { capture } = this.leg.leader;
    const asked = this.limit + this.staying;
    const entries = await capture.entries(asked);
    const settled = entries.filter(({ isSettled, key }) => isSettled && key !== null);
    const groups = this.unitsOf(settled);
    const units = Array.from(groups.values(), ({ unit }) => unit);
    this.onUnits(units);
    const synced = await sync(this.leg, units, { removalsMax: this.removalsMax - this.goneInTurn });
    // What is quarantined says nothing of the leader's records: neither that they are there nor that they are gone.
    if (synced.held > 0) this.goneInTurn = 0;
    else this.goneInTurn += synced.gone;
    const refused = new Set(synced.refused.map(({ unit }) => unitText(unit)));
    const done = [...groups].flatMap(([text, { entries: own }]) => (refused.has(text) ? [] : own));
    if (done.length > 0) await capture.clear(done);
    this.staying = entries.length - done.length;
    const unnamed = entries.filter(({ key }) => key === null).length;
    return {
      ...synced,
      cleared: done.length,
      waiting: this.staying - unnamed,
      unnamed,
      isMore: entries.length === asked,
      isDrained: this.staying === 0 && entries.length < asked,
    };
  }

  /** The entries by the units that they are about. */
  private unitsOf(settled: readonly JournalEntry[]): Map<string, Group> {
    const { mapping, from } = this.leg;
    const groups = new Map<string, Group>();
    for (const entry of settled) {
      const unit = entry.key === null ? null : unitOfKey(mapping, from, entry.collection, entry.key);
      // That keys name units is what legOf has looked at.
      if (unit === null) throw new TypeError('an entry without a unit');
      const group = groups.get(unitText(unit)) ?? { unit, entries: [] };
      group.entries.push(entry);
      groups.set(unitText(unit), group);
    }
    return groups;
  }
}

interface Group {
  readonly unit: Unit;
  readonly entries: JournalEntry[];
}
