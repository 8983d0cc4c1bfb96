import { Guards, type GuardStep } from '../../../store/live/guards.ts';
import type { KeyJson } from '../../../store/live/key-json.ts';
import { outcomeUnknown, storeFailed } from '../failure.ts';
import { reading } from '../find.ts';
import { pages } from '../pages.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Requests } from '../requests.ts';
import type { Id, Record_ } from '../table.ts';
import { type BatchSize, firstBatchSize, inBatches } from './batches.ts';

/** What a record or a unit was mirrored by. */
type Noted = Exclude<GuardStep, { readonly begun: string }>;

/** A guard as a row of the base. */
interface GuardRow {
  readonly name: string;
  readonly epoch: bigint;
  readonly version: bigint;
}

/**
 * The guards as rows of the base. A row that was written twice, because an answer was lost, does no harm: the later of two
 * guards of one name counts.
 */
export class GuardTable {
  private readonly place: Place;
  private readonly size: BatchSize = { recordsMax: firstBatchSize };
  private ids = new Map<string, Id>();

  constructor(place: Place) {
    this.place = place;
  }

  /** The guards of the base, under this epoch. @throws CrossfadeError E_STORE_FAILED, E_RECORD_DAMAGED */
  async load(epoch: bigint): Promise<Guards> {
    const last = new Map<string, GuardRow>();
    this.ids = new Map();
    for (const { id, row } of await this.rows()) {
      const before = last.get(row.name);
      if (before !== undefined && !isBefore(before, row)) continue;
      last.set(row.name, row);
      this.ids.set(row.name, id);
    }
    const guards = new Guards('nocodb');
    guards.retrace({ begun: String(epoch) });
    for (const row of last.values()) guards.retrace(stepOf(row));
    return guards;
  }

  /** @throws CrossfadeError E_STORE_FAILED, E_OUTCOME_UNKNOWN: some of them may be noted */
  async note(requests: Requests, steps: readonly GuardStep[]): Promise<void> {
    const rows = new Map(steps.map((step) => [nameOf(step as Noted), step as Noted]));
    const [known, added] = [[], []] as [GuardRow[], GuardRow[]];
    for (const [name, { epoch, version }] of rows)
      (this.ids.has(name) ? known : added).push({ name, epoch: BigInt(epoch), version: BigInt(version) });
    const cells = (row: GuardRow): Record<string, unknown> => this.place.table.cellsOf({ ...row });
    await this.send(known, async (batch) => {
      const { path, idTitle } = this.place.table;
      const records = batch.map((row) => ({ ...cells(row), [idTitle]: this.ids.get(row.name) }));
      await requests.write('PATCH', path, records);
    });
    await this.send(added, async (batch) => {
      const { body } = await requests.write('POST', this.place.table.path, batch.map(cells));
      if (!Array.isArray(body) || body.length !== batch.length) throw new RequestFailure(null, 'NO_ID', 'unknown');
      for (const [i, { name }] of batch.entries()) this.ids.set(name, this.place.table.idOf(body[i] as Record_));
    });
  }

  /** Forgets all of them. @throws CrossfadeError E_STORE_FAILED, E_OUTCOME_UNKNOWN: some of them may be forgotten */
  async reset(requests: Requests): Promise<void> {
    const ids = (await this.rows()).map(({ id }) => id);
    this.ids = new Map();
    const { path, idTitle } = this.place.table;
    await this.send(ids, async (batch) => {
      await requests.write(
        'DELETE',
        path,
        batch.map((id) => ({ [idTitle]: id })),
      );
    });
  }

  private async send<T>(all: readonly T[], write: (batch: readonly T[]) => Promise<void>): Promise<void> {
    try {
      await inBatches(this.size, all, () => 0, write);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      const { name } = this.place.table;
      throw error.effect === 'none'
        ? storeFailed(
            name,
            'The records are there, and not all of their versions are noted. Make the same call again.',
            error,
          )
        : outcomeUnknown(name, error);
    }
  }

  private rows(): Promise<{ readonly id: Id; readonly row: GuardRow }[]> {
    const { requests, table } = this.place;
    return reading(this.place, 'Nothing was written.', async () => {
      const rows: { readonly id: Id; readonly row: GuardRow }[] = [];
      for await (const page of pages(requests, table, { filter: null }))
        for (const record of page) rows.push({ id: table.idOf(record), row: table.rowOf(record) as never });
      return rows;
    });
  }
}

function isBefore(one: GuardRow, other: GuardRow): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.version < other.version);
}

function nameOf({ collection, key, unit }: Noted): string {
  return JSON.stringify(unit === undefined ? [collection, key] : [collection, key, unit]);
}

function stepOf({ name, epoch, version }: GuardRow): GuardStep {
  const [collection, key, unit] = JSON.parse(name) as [string, KeyJson, string?];
  const noted = { collection, key, epoch: String(epoch), version: String(version) };
  return unit === undefined ? noted : { ...noted, unit };
}
