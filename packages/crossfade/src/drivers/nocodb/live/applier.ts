import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../../../core/errors.ts';
import { Guards } from '../../../store/live/guards.ts';
import { outcomeUnknown, storeFailed } from '../failure.ts';
import { reading } from '../find.ts';
import { pages } from '../pages.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Requests } from '../requests.ts';
import type { Id } from '../table.ts';
import { GuardTable } from './guard-table.ts';
import type { OwnPlaces } from './own-tables.ts';
import type { Sessions } from './sessions.ts';

/** A row that somebody added to begin an epoch. */
interface Entry {
  readonly id: Id;
  readonly applier: string;
  readonly epoch: bigint;
  /** What its applier sent may still arrive. */
  readonly isOn: boolean;
}

/** An epoch that this store has begun, or joined. */
interface Held extends Entry {
  /** What its writes are made by. */
  readonly requests: Requests;
  readonly guards: Guards;
}

/**
 * The one applier that a base has: whoever added the last row of the highest epoch. Nobody can write on condition there,
 * so it asks before it writes, and whoever takes over waits until nothing of the former one can arrive any more.
 */
export class Applier {
  readonly guardTable: GuardTable;
  private readonly place: Place;
  private readonly sessions: Sessions | null;
  private readonly lifeMs: number;
  private held: Held | null = null;
  /** By performance.now(): until then a write of this store may land of which nobody knows what became. */
  private settledAt = 0;

  /** @param lifeMs how long a request may be on its way */
  constructor({ appliers, guards }: OwnPlaces, sessions: Sessions | null, lifeMs: number) {
    this.place = appliers;
    this.guardTable = new GuardTable(guards);
    this.sessions = sessions;
    this.lifeMs = lifeMs;
  }

  /** Becomes the applier of this epoch. @throws CrossfadeError E_FENCED, E_STORE_FAILED, E_UNSUPPORTED */
  async begin(epoch: bigint): Promise<void> {
    await this.settle();
    const ruler = await this.ruler();
    const known = new Guards('nocodb');
    if (ruler !== null) known.retrace({ begun: String(ruler.epoch) });
    known.begin(epoch);
    if (this.held?.epoch === epoch && ruler?.id === this.held.id) return;
    await this.told(() => this.takeOver(epoch));
  }

  /** What its writes are made by. */
  get requests(): Requests {
    return this.held?.requests ?? this.place.requests;
  }

  /** The guards, while this store rules in this epoch. Who has only opened it joins the epoch of the base. @throws CrossfadeError E_FENCED, E_STORE_FAILED */
  async hold(epoch: bigint): Promise<Guards> {
    await this.settle();
    if (this.held === null) {
      const last = (await this.ruler())?.epoch ?? null;
      const known = new Guards('nocodb');
      if (last !== null) known.retrace({ begun: String(last) });
      known.check(epoch);
      await this.begin(epoch);
    }
    await this.ask();
    const { guards } = this.held as unknown as Held;
    guards.check(epoch);
    return guards;
  }

  /** @throws CrossfadeError E_FENCED where somebody has begun since */
  async ask(): Promise<void> {
    const ruler = await this.ruler();
    if (ruler !== null && ruler.id === this.held?.id) return;
    const [own, last] = [this.held?.epoch ?? null, ruler?.epoch ?? null];
    throw new CrossfadeError(
      'E_FENCED',
      `nocodb: another store mirrors into it by now, ${last === own ? 'in the same epoch' : `in epoch ${last}`}. Nothing more was written. Look who leads before going on.`,
      { store: 'nocodb', epoch: own, last },
    );
  }

  /** Requests by a new session, where the one that there was has ended by itself. @throws CrossfadeError E_FENCED, E_STORE_FAILED */
  async renewed(): Promise<Requests | null> {
    const { sessions, held } = this;
    if (sessions === null || held === null) return null;
    const requests = await this.told(() => sessions.begin());
    // Whoever takes over ends the sessions of all that asked before.
    await this.ask();
    this.held = { ...held, requests };
    return requests;
  }

  /** Forgets the guards of the base. @throws CrossfadeError E_FENCED where another store mirrors into it; E_STORE_FAILED, E_OUTCOME_UNKNOWN */
  async reset(): Promise<void> {
    const ruler = await this.ruler();
    // Where nobody has begun there is nothing to forget.
    if (ruler === null) return;
    const guards = await this.hold(this.held?.epoch ?? ruler.epoch);
    await this.guardTable.reset(this.requests);
    guards.reset();
  }

  /** Of a write nobody knows what became: it may land yet. */
  lose(): void {
    this.settledAt = performance.now() + this.lifeMs;
  }

  /** Signs off, so that whoever comes next need not wait; where something may land yet it does not. */
  async release(): Promise<void> {
    const { held } = this;
    this.held = null;
    if (held === null || performance.now() < this.settledAt) return;
    const { requests, table } = this.place;
    const over = { ...table.cellsOf({ state: 'over' }), [table.idTitle]: held.id };
    // Where that fails, the next one waits.
    await requests.write('PATCH', table.path, over).catch(() => undefined);
  }

  private async takeOver(epoch: bigint): Promise<void> {
    const own = await this.enter(epoch);
    const former = (await this.entries()).filter(({ id }) => id !== own.id);
    if (former.some((each) => isBehind(own, each))) await this.retire([own]);
    else {
      // A session that began before the question below ends when somebody takes over after it.
      await this.sessions?.endAll();
      const requests = (await this.sessions?.begin()) ?? this.place.requests;
      if (former.some(({ isOn, id }) => isOn && id !== this.held?.id)) await sleep(this.lifeMs);
      this.held = { ...own, requests, guards: await this.guardTable.load(epoch) };
      await this.retire(former);
    }
    await this.ask();
  }

  /** Adds a row. Where its answer is lost, it is there or not; one that comes later only makes its maker begin anew. */
  private async enter(epoch: bigint): Promise<Entry> {
    const { requests, table } = this.place;
    const applier = randomUUID();
    const lost = await requests.write('POST', table.path, table.cellsOf({ applier, epoch, state: 'on' })).then(
      () => null,
      (error: unknown) => error as RequestFailure,
    );
    if (lost?.effect === 'none') throw lost;
    const own = (await this.entries()).find((each) => each.applier === applier);
    if (own === undefined) throw lost ?? new RequestFailure(null, 'NOT_FOUND', 'unknown');
    return own;
  }

  private async retire(entries: readonly Entry[]): Promise<void> {
    const { requests, table } = this.place;
    const records = entries.map(({ id }) => ({ [table.idTitle]: id }));
    if (records.length === 0) return;
    await requests.write('DELETE', table.path, records).catch((error: unknown) => {
      // They are behind anyway. Somebody else may have removed one of them.
      if (!(error instanceof RequestFailure)) throw error;
    });
  }

  private async ruler(): Promise<Entry | null> {
    return (await this.entries()).reduce<Entry | null>(
      (first, each) => (first === null || isBehind(first, each) ? each : first),
      null,
    );
  }

  private entries(): Promise<readonly Entry[]> {
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

  private async settle(): Promise<void> {
    const waitMs = this.settledAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }

  private async told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      throw error.effect === 'none'
        ? storeFailed(this.place.table.name, 'The epoch was not begun.', error)
        : outcomeUnknown(this.place.table.name, error);
    }
  }
}

/** Whether the other one rules over it. */
function isBehind(entry: Entry, other: Entry): boolean {
  return entry.epoch < other.epoch || (entry.epoch === other.epoch && entry.id < other.id);
}
