import { randomUUID } from 'node:crypto';
import { reading } from '../find.ts';
import { pages } from '../pages.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Id } from '../table.ts';

/** A row that somebody added to begin an epoch. */
export interface Entry {
  readonly id: Id;
  /** A name that its maker knows it by. */
  readonly applier: string;
  readonly epoch: bigint;
  /** What its applier sent may still arrive. */
  readonly isOn: boolean;
}

/** Whether the other one rules over it. */
export function isBehind(entry: Entry, other: Entry): boolean {
  return entry.epoch < other.epoch || (entry.epoch === other.epoch && entry.id < other.id);
}

/** The rows of `crossfade_appliers`. Rows are added and removed, and the one that rules is never removed. */
export class Entries {
  private readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** The last row of the highest epoch. @throws CrossfadeError E_STORE_FAILED, E_RECORD_DAMAGED */
  async ruler(): Promise<Entry | null> {
    return (await this.all()).reduce<Entry | null>(
      (first, each) => (first === null || isBehind(first, each) ? each : first),
      null,
    );
  }

  /** @throws CrossfadeError E_STORE_FAILED, E_RECORD_DAMAGED */
  all(): Promise<readonly Entry[]> {
    const { requests, table } = this.place;
    return reading(this.place, 'Nothing was written.', async () => {
      const found: Entry[] = [];
      for await (const page of pages(requests, table, { filter: null }))
        for (const record of page) {
          const { applier, epoch, state } = table.rowOf(record) as { applier: string; epoch: bigint; state: string };
          found.push({ id: table.idOf(record), applier, epoch, isOn: state !== 'over' });
        }
      return found;
    });
  }

  /**
   * Adds a row. Where its answer is lost, it is there or not; one that comes later only makes its maker begin anew.
   *
   * @throws RequestFailure
   */
  async add(epoch: bigint): Promise<Entry> {
    const { requests, table } = this.place;
    const applier = randomUUID();
    const lost = await requests.write('POST', table.path, table.cellsOf({ applier, epoch, state: 'on' })).then(
      () => null,
      (error: unknown) => error as RequestFailure,
    );
    if (lost?.effect === 'none') throw lost;
    const own = (await this.all()).find((each) => each.applier === applier);
    if (own === undefined) throw lost ?? new RequestFailure(null, 'NOT_FOUND', 'unknown');
    return own;
  }

  /** Notes that nothing of its applier is on its way. @throws RequestFailure */
  async signOff({ id }: Entry): Promise<void> {
    const { requests, table } = this.place;
    await requests.write('PATCH', table.path, { ...table.cellsOf({ state: 'over' }), [table.idTitle]: id });
  }

  /** Removes rows that are behind; where that fails they stay, and are in nobody's way. */
  async remove(entries: readonly Entry[]): Promise<void> {
    const { requests, table } = this.place;
    const records = entries.map(({ id }) => ({ [table.idTitle]: id }));
    if (records.length === 0) return;
    await requests.write('DELETE', table.path, records).catch((error: unknown) => {
      if (!(error instanceof RequestFailure)) throw error;
    });
  }
}
