import { CrossfadeError } from '../../core/errors.ts';
import { type KeyJson, keyJson } from './key-json.ts';
import type { Mirrored } from './mirror.ts';

/** Epoch and version of a change. */
interface Guard {
  readonly epoch: bigint;
  readonly version: bigint;
}

/** One step of the guards, as JSON: an epoch that has begun, or what a key was mirrored by. */
export type GuardStep =
  | { readonly begun: string }
  | { readonly collection: string; readonly key: KeyJson; readonly epoch: string; readonly version: string };

/** What was mirrored last, by key, in memory, and the steps that lead there. */
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

  /** The records that are not to be passed over, in their order. @throws CrossfadeError E_FENCED when the epoch is not the one that began last */
  due(epoch: bigint, records: readonly Mirrored[]): Mirrored[] {
    this.check(epoch);
    const last = new Map<string, Guard>();
    return records.filter(({ collection, key, version }) => {
      const id = idOf(collection, keyJson(key));
      const guard = last.get(id) ?? this.noted.get(id);
      if (guard !== undefined && (epoch < guard.epoch || (epoch === guard.epoch && version <= guard.version)))
        return false;
      last.set(id, { epoch, version });
      return true;
    });
  }

  /** Notes a record that was made as the leader has it. */
  note(epoch: bigint, { collection, key, version }: Mirrored): GuardStep {
    this.noted.set(idOf(collection, keyJson(key)), { epoch, version });
    return { collection, key: keyJson(key), epoch: String(epoch), version: String(version) };
  }

  /** Forgets the keys, not the epoch. */
  reset(): void {
    this.noted.clear();
  }

  /** The shortest way to these guards. */
  steps(): GuardStep[] {
    const begun = this.epoch === null ? [] : [{ begun: String(this.epoch) }];
    const noted = Array.from(this.noted, ([id, { epoch, version }]): GuardStep => {
      const [collection, key] = JSON.parse(id) as [string, KeyJson];
      return { collection, key, epoch: String(epoch), version: String(version) };
    });
    return [...begun, ...noted];
  }

  /** Takes a step that a process before has made. */
  retrace(step: GuardStep): void {
    if ('begun' in step) this.epoch = BigInt(step.begun);
    else this.noted.set(idOf(step.collection, step.key), { epoch: BigInt(step.epoch), version: BigInt(step.version) });
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

function idOf(collection: string, key: KeyJson): string {
  return JSON.stringify([collection, key]);
}
