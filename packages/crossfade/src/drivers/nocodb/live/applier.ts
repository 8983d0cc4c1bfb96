import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../../../core/errors.ts';
import { Guards } from '../../../store/live/guards.ts';
import { storeFailed } from '../failure.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Answer, Requests } from '../requests.ts';
import { Entries, type Entry, isBehind } from './entries.ts';
import { GuardTable } from './guard-table.ts';
import type { OwnPlaces } from './own-tables.ts';
import type { Sessions } from './sessions.ts';

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
  private readonly entries: Entries;
  private readonly sessions: Sessions | null;
  private readonly lifeMs: number;
  private held: Held | null = null;
  /** By performance.now(): until then a write of this store may land of which nobody knows what became. */
  private settledAt = 0;

  /** @param lifeMs how long a request may be on its way */
  constructor({ appliers, guards }: OwnPlaces, sessions: Sessions | null, lifeMs: number) {
    this.place = appliers;
    this.entries = new Entries(appliers);
    this.guardTable = new GuardTable(guards, this);
    this.sessions = sessions;
    this.lifeMs = lifeMs;
  }

  /** Becomes the applier of this epoch. @throws CrossfadeError E_FENCED, E_STORE_FAILED, E_UNSUPPORTED */
  async begin(epoch: bigint): Promise<void> {
    await this.settle();
    const ruler = await this.entries.ruler();
    guardsSince(ruler).begin(epoch);
    if (this.held?.epoch === epoch && ruler?.id === this.held.id) return;
    await this.told(() => this.takeOver(epoch));
  }

  /** The guards, while this store rules in this epoch. Who has only opened it joins the epoch of the base. @throws CrossfadeError E_FENCED, E_STORE_FAILED */
  async hold(epoch: bigint): Promise<Guards> {
    await this.settle();
    if (this.held === null) {
      guardsSince(await this.entries.ruler()).check(epoch);
      await this.begin(epoch);
    }
    await this.ask();
    const { guards } = this.held as unknown as Held;
    guards.check(epoch);
    return guards;
  }

  /** @throws CrossfadeError E_FENCED where somebody has begun since */
  async ask(): Promise<void> {
    const ruler = await this.entries.ruler();
    if (ruler !== null && ruler.id === this.held?.id) return;
    const [own, last] = [this.held?.epoch ?? null, ruler?.epoch ?? null];
    const why =
      last === null
        ? 'the row by which it began has been removed from crossfade_appliers'
        : `another store mirrors into it by now, ${last === own ? 'in the same epoch' : `in epoch ${last}`}`;
    throw new CrossfadeError('E_FENCED', `nocodb: ${why}. Nothing more was written. Look who leads before going on.`, {
      store: 'nocodb',
      epoch: own,
      last,
    });
  }

  /** Writes as the applier. A session that has ended by itself is begun anew. @throws RequestFailure; CrossfadeError E_FENCED, E_STORE_FAILED */
  async write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<Answer> {
    const { requests } = this.held ?? this.place;
    try {
      return await requests.write(method, path, body);
    } catch (error) {
      if (!(error instanceof RequestFailure) || error.status !== 401 || this.sessions === null) throw error;
      return (await this.renewed(this.sessions)).write(method, path, body);
    }
  }

  /** Forgets the guards of the base. @throws CrossfadeError E_FENCED where another store mirrors into it; E_STORE_FAILED, E_OUTCOME_UNKNOWN */
  async reset(): Promise<void> {
    const ruler = await this.entries.ruler();
    // Where nobody has begun there is nothing to forget.
    if (ruler === null) return;
    const guards = await this.hold(this.held?.epoch ?? ruler.epoch);
    await this.guardTable.reset();
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
    // Where that fails, the next one waits.
    await this.entries.signOff(held).catch(() => undefined);
  }

  private async takeOver(epoch: bigint): Promise<void> {
    const own = await this.entries.add(epoch);
    const former = (await this.entries.all()).filter(({ id }) => id !== own.id);
    if (former.some((each) => isBehind(own, each))) await this.entries.remove([own]);
    else {
      // A session that began before the question below ends when somebody takes over after it.
      await this.sessions?.endAll();
      const requests = (await this.sessions?.begin()) ?? this.place.requests;
      if (former.some(({ isOn, id }) => isOn && id !== this.held?.id)) await sleep(this.lifeMs);
      this.held = { ...own, requests, guards: await this.guardTable.load(epoch) };
      await this.entries.remove(former);
    }
    await this.ask();
  }

  private async renewed(sessions: Sessions): Promise<Requests> {
    const requests = await this.told(() => sessions.begin());
    // Whoever takes over ends the sessions of all that asked before.
    await this.ask();
    if (this.held !== null) this.held = { ...this.held, requests };
    return requests;
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
      // To begin is safe to repeat, whatever was done of it.
      throw storeFailed(this.place.table.name, 'No epoch was begun.', error);
    }
  }
}

/** Guards that know which epoch began last. */
function guardsSince(ruler: Entry | null): Guards {
  const guards = new Guards('nocodb');
  if (ruler !== null) guards.retrace({ begun: String(ruler.epoch) });
  return guards;
}
