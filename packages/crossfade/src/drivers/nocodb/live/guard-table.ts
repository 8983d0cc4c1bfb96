import { Guards, type GuardStep } from '../../../store/live/guards.ts';
import type { KeyJson } from '../../../store/live/key-json.ts';
import { outcomeUnknown, storeFailed } from '../failure.ts';
import { reading } from '../find.ts';
import { pages } from '../pages.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Answer } from '../requests.ts';
import { isGone } from '../settle.ts';
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

/** Who writes the guards. */
export interface GuardWriter {
  write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<Answer>;
  /** Of a write nobody knows what became. */
  lose(): void;
}

/**
 * The guards as rows of the base. A row that was written twice, because an answer was lost, does no harm: the later of two
 * guards of one name counts.
 */
export class GuardTable {
  private readonly place: Place;
  private readonly applier: GuardWriter;
  private readonly size: BatchSize = { recordsMax: firstBatchSize };
  private ids = new Map<string, Id>();
  /** What is noted in memory, and not in the base yet. */
  private readonly pending = new Map<string, GuardRow>();

  constructor(place: Place, applier: GuardWriter) {
    this.place = place;
    this.applier = applier;
  }

  /** The guards of the base, under this epoch. @throws CrossfadeError E_STORE_FAILED, E_RECORD_DAMAGED */
  async load(epoch: bigint): Promise<Guards> {
    const last = new Map<string, GuardRow>();
    this.ids = new Map();
    this.pending.clear();
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

  /**
   * Notes these, and what an earlier call could not.
   *
   * @throws CrossfadeError E_STORE_FAILED, E_OUTCOME_UNKNOWN: some of them may be noted
   */
  async note(steps: readonly GuardStep[]): Promise<void> {
    for (const step of steps as readonly Noted[]) {
      const [name, epoch, version] = [nameOf(step), BigInt(step.epoch), BigInt(step.version)];
      this.pending.set(name, { name, epoch, version });
    }
    const { path, idTitle } = this.place.table;
    const rows = [...this.pending.values()];
    const cells = (row: GuardRow): Record<string, unknown> => this.place.table.cellsOf({ ...row });
    await this.send(
      rows.filter(({ name }) => this.ids.has(name)),
      async (batch) => {
        const records = batch.map((row) => ({ ...cells(row), [idTitle]: this.ids.get(row.name) }));
        try {
          await this.applier.write('PATCH', path, records);
          for (const { name } of batch) this.pending.delete(name);
        } catch (error) {
          if (!(error instanceof RequestFailure && isGone(error))) throw error;
          // Somebody has removed one of them: they are added below.
          for (const { name } of batch) this.ids.delete(name);
        }
      },
    );
    await this.send(
      rows.filter(({ name }) => !this.ids.has(name)),
      async (batch) => {
        const { body } = await this.applier.write('POST', path, batch.map(cells));
        if (!Array.isArray(body) || body.length !== batch.length) throw new RequestFailure(null, 'NO_ID', 'unknown');
        for (const [i, { name }] of batch.entries()) {
          this.ids.set(name, this.place.table.idOf(body[i] as Record_));
          this.pending.delete(name);
        }
      },
    );
  }

  /** Forgets all of them. @throws CrossfadeError E_STORE_FAILED, E_OUTCOME_UNKNOWN: some of them may be forgotten */
  async reset(): Promise<void> {
    const ids = (await this.rows()).map(({ id }) => id);
    this.ids = new Map();
    this.pending.clear();
    const { path, idTitle } = this.place.table;
    await this.send(ids, async (batch) => {
      const records = batch.map((id) => ({ [idTitle]: id }));
      await this.applier.write('DELETE', path, records);
    });
  }

  private async send<T>(all: readonly T[], write: (batch: readonly T[]) => Promise<void>): Promise<void> {
    try {
      await inBatches(this.size, all, () => 0, write);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      const { name } = this.place.table;
      if (error.effect === 'none') throw storeFailed(name, notNoted, error);
      // A late arrival could take a guard back.
      if (!error.isFinal) this.applier.lose();
      throw outcomeUnknown(name, error);
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

const notNoted = 'The records are there, and not all of their versions are noted. Make the same call again.';

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
