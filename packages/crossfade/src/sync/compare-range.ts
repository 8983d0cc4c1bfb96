import type { Collection, Key, Row } from '../schema/collection.ts';
import type { Family, Side, Unit } from '../schema/mapping/mapping.ts';
import { unitOfKey } from '../schema/mapping/unit.ts';
import { equalRows } from '../schema/values/equal.ts';
import { compareKeys } from '../schema/values/field-values.ts';
import { keyOf } from '../store/check-change.ts';
import type { Driver } from '../store/contract.ts';
import { valuesText } from '../store/tables/values-text.ts';
import { followerSide, keyedPart, type Leg } from './leg.ts';
import { unitText } from './sync.ts';
import { mappedRow, refusedBy } from './wanted.ts';

/** One range, compared. */
export interface Compared {
  /** Units of either side. */
  readonly units: number;
  /** Units that differ, and that no entry of the journal explains. */
  readonly different: readonly Unit[];
  /** Units that differ and that the journal owes: they say nothing. */
  readonly owed: number;
  /** Where the next range begins; null when this was the last. */
  readonly next: Key | null;
}

/** Entries that are looked at. With more in the journal, every difference may be one that it owes. */
const entriesMax = 10_000;

/**
 * Compares the leader's next records with what the follower holds there, value by value, by the way on which an
 * application reads them. The journal is looked at behind the readings: looked at before, it would not name a write that
 * comes in between, and a difference would be told that is none. Draining must not come in between at all, since it
 * clears what it has made up for.
 *
 * What the mapping refuses is different, and so is what the follower holds beyond the leader's records.
 *
 * @throws TypeError for a family whose sides do not have one key; CrossfadeError those of either store
 */
export async function compareRange(leg: Leg, family: Family, after: Key | null, limit: number): Promise<Compared> {
  const [led, held] = [sideOf(leg, family, leg.from), sideOf(leg, family, followerSide(leg))];
  const rows = await page(led, after, limit);
  const next = rows.length < limit ? null : keyOf(led.shape, rows[rows.length - 1]);
  const [expected, found] = [byKey(led, rows), byKey(held, await pagesUpTo(held, after, next, limit))];
  const keys = new Map([...expected, ...found].map(([text, { key }]) => [text, key]));
  const suspects = Array.from(keys, ([text, key]) => ({ unit: { family: family.name, key }, text })).filter(
    ({ unit, text }) => !isEqual(leg, led, unit, expected.get(text)?.row ?? null, found.get(text)?.row ?? null),
  );
  const units = suspects.map(({ unit }) => unit);
  return { units: keys.size, next, ...(await judge(leg, units)) };
}

/** One side of a comparison. */
interface Looked {
  readonly driver: Driver;
  readonly collection: string;
  readonly shape: Collection;
}

function sideOf(leg: Leg, family: Family, side: Side): Looked {
  const { collection } = keyedPart(leg, family, side);
  const driver = side === leg.from ? leg.leader : leg.follower;
  return { driver, collection, shape: leg.mapping[side][collection] };
}

async function page({ driver, collection, shape }: Looked, after: Key | null, limit: number): Promise<readonly Row[]> {
  return driver.scan(collection, { where: [], order: shape.key, descending: false, after, limit });
}

/** Everything behind a key and up to another one. */
async function pagesUpTo(side: Looked, after: Key | null, upTo: Key | null, limit: number): Promise<Row[]> {
  const isWithin = (row: Row): boolean => upTo === null || compareKeys(keyOf(side.shape, row), upTo) <= 0;
  const rows: Row[] = [];
  for (let from = after; ; ) {
    const some = await page(side, from, limit);
    rows.push(...some.filter(isWithin));
    const last = some.at(-1);
    if (last === undefined || some.length < limit || !isWithin(last)) return rows;
    from = keyOf(side.shape, last);
  }
}

function byKey({ shape }: Looked, rows: readonly Row[]): Map<string, { key: Key; row: Row }> {
  return new Map(
    rows.map((row) => {
      const key = keyOf(shape, row);
      return [valuesText(key), { key, row }];
    }),
  );
}

/** Whether the follower holds what the leader's record says; what the mapping refuses is held by nobody. */
function isEqual(leg: Leg, { collection }: Looked, unit: Unit, row: Row | null, held: Row | null): boolean {
  try {
    const wanted = row === null ? null : mappedRow(leg, unit, { [collection]: [row] });
    return wanted === null || held === null ? wanted === held : equalRows(wanted, held);
  } catch (error) {
    refusedBy(unit, error);
    return false;
  }
}

/** What of it the journal owes. It is looked at last: an entry may come while the sides are read, and none goes. */
async function judge(leg: Leg, suspects: readonly Unit[]): Promise<Pick<Compared, 'different' | 'owed'>> {
  if (suspects.length === 0) return { different: [], owed: 0 };
  const entries = await leg.leader.capture.entries(entriesMax);
  const owing = new Set(
    entries.flatMap(({ collection, key }) => {
      const unit = key === null ? null : unitOfKey(leg.mapping, leg.from, collection, key);
      return unit === null ? [] : [unitText(unit)];
    }),
  );
  const isOwed = (unit: Unit): boolean => entries.length === entriesMax || owing.has(unitText(unit));
  return { different: suspects.filter((unit) => !isOwed(unit)), owed: suspects.filter(isOwed).length };
}
