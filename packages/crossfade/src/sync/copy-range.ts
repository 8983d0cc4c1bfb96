import type { Facts } from '../core/errors.ts';
import type { Key, Row } from '../schema/collection.ts';
import type { Family } from '../schema/mapping/mapping.ts';
import { keyOf } from '../store/check-change.ts';
import type { Bulk, KeyRange } from '../store/live/bulk.ts';
import type { DamagedRecord } from '../store/live/damaged.ts';
import { followerSide, keyedPart, type Leg } from './leg.ts';
import { valuesText } from '../store/tables/values-text.ts';
import { massRemoval, sync } from './sync.ts';
import { type Refused, mappedRow, reasonOf, refusedBy } from './wanted.ts';

/** A leg whose stores read and write ranges of keys. */
export interface BulkLeg extends Leg {
  readonly leader: Leg['leader'] & { readonly bulk: Bulk };
  readonly follower: Leg['follower'] & { readonly bulk: Bulk };
}

/** How much of a range is copied, and what that may cost the follower. */
export interface CopyOptions {
  /** Records of the leader. */
  readonly limit: number;
  /** Records that the follower may lose by it: a leader that shows nothing is no reason to remove what was copied. */
  readonly removalsMax: number;
}

/** One range, copied. */
export interface Copied {
  /** Records of the leader that were read. */
  readonly looked: number;
  /** Records that were made, replaced or removed. */
  readonly changed: number;
  /**
   * Units in quarantine, which cannot be read, mapped or held; what the follower held of them it holds still. No journal
   * owes them: whoever copies hands them to a sync when it is drained, since what stands in their way may be owed by it,
   * and again until none of them is refused.
   */
  readonly refused: readonly Refused[];
  /**
   * What finds each of the leader's records that cannot be read, and whose key nobody can tell. While there is one, nothing
   * is removed from this range of the follower, which may hold the last readable copy of it; all of them have to be copied
   * again, since nobody knows which range it belongs to.
   */
  readonly unnamed: readonly Facts[];
  /** Where the next range begins; null when this was the last. */
  readonly next: Key | null;
}

/**
 * Makes the follower's records behind a key equal to the leader's next records, and removes what it holds between them.
 * What is written meanwhile is owed by the journal, whose draining must not come in between: what it has made up for
 * would be overwritten by what was read before.
 *
 * Ranges are those of the key, which is the same on both sides; a record that the follower refuses, because of a parent
 * that is still to come, is synced with what stands in its way.
 *
 * @throws TypeError for a family whose sides do not have one key
 * @throws CrossfadeError E_MASS_REMOVAL before anything is written, and E_RECORD_DAMAGED for a record of the follower whose
 * key nobody can tell; E_FENCED when the epoch of the leg is over; and those of either store
 */
export async function copyRange(
  leg: BulkLeg,
  family: Family,
  after: Key | null,
  { limit, removalsMax }: CopyOptions,
): Promise<Copied> {
  const [own, other] = [leg.from, followerSide(leg)];
  const { collection: from } = keyedPart(leg, family, own);
  const { collection: to } = keyedPart(leg, family, other);
  const damaged: DamagedRecord[] = [];
  const rows = await leg.leader.bulk.range(from, { after, upTo: null }, limit, (record) => damaged.push(record));
  const next = rows.length < limit ? null : keyOf(leg.mapping[own][from], rows[rows.length - 1]);
  const found: Row[] = [];
  const refused = damaged.flatMap(({ key, error }) =>
    key === null ? [] : [refusedBy({ family: family.name, key }, error)],
  );
  const unnamed = damaged.flatMap(({ key, error: { facts } }) => (key === null ? [facts] : []));
  for (const row of rows) {
    const unit = { family: family.name, key: keyOf(leg.mapping[own][from], row) };
    try {
      const mapped = mappedRow(leg, unit, { [from]: [row] });
      if (mapped !== null) found.push(mapped);
    } catch (error) {
      refused.push(refusedBy(unit, error));
    }
  }
  const load: Load = { leg, family, to, keep: refused.map(({ unit: { key } }) => key), removalsMax };
  const range = { after, upTo: next };
  if (unnamed.length > 0) for await (const key of surplusOf(load, range, found)) load.keep.push(key);
  await refuseMassRemoval(load, range, found);
  const loaded = await loadRange(load, range, found);
  return { ...loaded, looked: rows.length, refused: [...refused, ...loaded.refused], unnamed, next };
}

type Loaded = Pick<Copied, 'changed' | 'refused'>;

/** Records of the follower that are looked at in one go. */
const pageRows = 1_000;

interface Load {
  readonly leg: BulkLeg;
  readonly family: Family;
  readonly to: string;
  readonly keep: Key[];
  readonly removalsMax: number;
}

async function refuseMassRemoval(load: Load, range: KeyRange, rows: readonly Row[]): Promise<void> {
  const { leg, removalsMax } = load;
  let gone = 0;
  for await (const _ of surplusOf(load, range, rows)) gone++;
  if (gone > removalsMax) throw massRemoval(leg, gone, removalsMax);
}

/** The keys that the follower holds in a range, and is neither given nor to keep. */
async function* surplusOf(load: Load, range: KeyRange, rows: readonly Row[]): AsyncGenerator<Key, void> {
  const shape = load.leg.mapping[followerSide(load.leg)][load.to];
  const staying = new Set([...rows.map((row) => keyOf(shape, row)), ...load.keep].map(valuesText));
  for await (const key of heldKeys(load, range)) if (!staying.has(valuesText(key))) yield key;
}

/** The keys that the follower holds in a range. @throws CrossfadeError E_RECORD_DAMAGED for a record whose key nobody can tell */
async function* heldKeys({ leg, to }: Load, { after, upTo }: KeyRange): AsyncGenerator<Key, void> {
  const shape = leg.mapping[followerSide(leg)][to];
  for (let from = after; ; ) {
    const damaged: DamagedRecord[] = [];
    const held = await leg.follower.bulk.range(to, { after: from, upTo }, pageRows, (record) => damaged.push(record));
    for (const { key, error } of damaged) {
      // Nobody can say whether it is to stay, and a load would remove it uncounted.
      if (key === null) throw error;
      yield key;
    }
    for (const row of held) yield keyOf(shape, row);
    if (held.length < pageRows) return;
    from = keyOf(shape, held[held.length - 1]);
  }
}

/** Halves a range that the follower refuses, until single records are left, each of which is synced. */
async function loadRange(load: Load, range: KeyRange, rows: readonly Row[]): Promise<Loaded> {
  const { leg, to, keep } = load;
  try {
    const { written, removed } = await leg.follower.bulk.load(leg.epoch, to, range, rows, keep);
    return { changed: written + removed, refused: [] };
  } catch (error) {
    if (reasonOf(error) === null) throw error;
  }
  const shape = leg.mapping[followerSide(leg)][to];
  if (rows.length <= 1) return syncRange(load, range, rows);
  const middle = rows.length >> 1;
  const cut = keyOf(shape, rows[middle - 1]);
  const left = await loadRange(load, { after: range.after, upTo: cut }, rows.slice(0, middle));
  const right = await loadRange(load, { after: cut, upTo: range.upTo }, rows.slice(middle));
  return { changed: left.changed + right.changed, refused: [...left.refused, ...right.refused] };
}

/** Unit by unit: what is to be there, and what is there and is not to be. */
async function syncRange(load: Load, range: KeyRange, rows: readonly Row[]): Promise<Loaded> {
  const { leg, family, to, keep, removalsMax } = load;
  const shape = leg.mapping[followerSide(leg)][to];
  const keys = new Map(rows.map((row) => [valuesText(keyOf(shape, row)), keyOf(shape, row)]));
  for await (const key of heldKeys(load, range)) keys.set(valuesText(key), key);
  for (const key of keep) keys.delete(valuesText(key));
  const units = Array.from(keys.values(), (key) => ({ family: family.name, key }));
  const { written, refused } = await sync(leg, units, { removalsMax });
  return { changed: written, refused };
}
