import { CrossfadeError } from '../../core/errors.ts';
import { type KeyJson, keyJson } from './key-json.ts';
import type { Guarded } from './mirror.ts';
import { isUnit, nameOf } from './units.ts';

/** Epoch and version of a change. */
interface Guard {
  readonly epoch: bigint;
  readonly version: bigint;
}

/** What has a guard, as JSON. */
interface Noted {
  readonly collection: string;
  readonly key: KeyJson;
  /** What units of its make are called; not there for a record. */
  readonly unit?: string;
}

/** One step of the guards, as JSON: an epoch that has begun, or what a record or a unit was mirrored by. */
export type GuardStep = { readonly begun: string } | (Noted & { readonly epoch: string; readonly version: string });

/** What was mirrored last, by key or unit, in memory, and the steps that lead there. */
export class Guards {
  private readonly store: string;
  private epoch: bigint | null = null;
  private readonly noted = new Map<string, Guard>();

  /** @param store names it in messages */
  constructor(store: string) {
    this.store = store;
  }

  /** @throws CrossfadeError E_FENCED for an epoch that is over */
  begin(epoch: bigint): GuardStep {
    if (this.epoch !== null && epoch < this.epoch) throw this.refused(epoch);
    this.epoch = epoch;
    return { begun: String(epoch) };
  }

  /** @throws CrossfadeError E_FENCED when the epoch is not the one that began last */
  check(epoch: bigint): void {
    if (epoch !== this.epoch) throw this.refused(epoch);
  }

  /** What is not to be passed over, in its order. @throws CrossfadeError E_FENCED when the epoch is not the one that began last */
  due(epoch: bigint, given: readonly Guarded[]): Guarded[] {
    this.check(epoch);
    const last = new Map<string, Guard>();
    return given.filter((each) => {
      const { version } = each;
      const id = idOf(notedOf(each));
      const guard = last.get(id) ?? this.noted.get(id);
      if (guard !== undefined && (epoch < guard.epoch || (epoch === guard.epoch && version <= guard.version)))
        return false;
      last.set(id, { epoch, version });
      return true;
    });
  }

  /** Notes what was made as the leader has it. */
  note(epoch: bigint, given: Guarded): GuardStep {
    const { version } = given;
    const noted = notedOf(given);
    this.noted.set(idOf(noted), { epoch, version });
    return { ...noted, epoch: String(epoch), version: String(version) };
  }

  /** Forgets records and units, not the epoch. */
  reset(): void {
    this.noted.clear();
  }

  /** The shortest way to these guards. */
  steps(): GuardStep[] {
    const begun = this.epoch === null ? [] : [{ begun: String(this.epoch) }];
    const noted = Array.from(this.noted, ([id, { epoch, version }]): GuardStep => {
      const [collection, key, unit] = JSON.parse(id) as [string, KeyJson, string?];
      const name = unit === undefined ? { collection, key } : { collection, key, unit };
      return { ...name, epoch: String(epoch), version: String(version) };
    });
    return [...begun, ...noted];
  }

  /** Takes a step that a process before has made. */
  retrace(step: GuardStep): void {
    if ('begun' in step) this.epoch = BigInt(step.begun);
    else this.noted.set(idOf(step), { epoch: BigInt(step.epoch), version: BigInt(step.version) });
  }

  private refused(epoch: bigint): CrossfadeError {
    const { store, epoch: last } = this;
    return new CrossfadeError(
      'E_FENCED',
      `${store}: epoch ${epoch} may not be mirrored into it; ${last === null ? 'none has begun' : `epoch ${last} began last`}. Nothing was written. Look who leads before going on.`,
      { store, epoch, last },
    );
  }
}

function notedOf(given: Guarded): Noted {
  const { collection, key } = nameOf(given);
  const noted = { collection, key: keyJson(key) };
  return isUnit(given) ? { ...noted, unit: given.unit } : noted;
}

function idOf({ collection, key, unit }: Noted): string {
  return JSON.stringify(unit === undefined ? [collection, key] : [collection, key, unit]);
}
