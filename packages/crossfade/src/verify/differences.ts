import type { Collected, CollectedRow } from './collect.ts';
import { differingBuckets, rowsIn, type Sums } from './sums.ts';
import type { VerifyTable } from './table.ts';

/** One row that is not the same on both sides. An extra row also is one that is there twice. */
export interface Difference {
  readonly kind: 'missing' | 'extra' | 'different';
  /** The key's values in plain, for the caller to mask. Of a table without a key: the row's key in the source, nothing for an extra row. */
  readonly key: readonly string[];
  /** Names in the source of the columns that differ; empty unless the kind is different. */
  readonly columns: readonly string[];
  /** How many such rows; only a table without a key can have more than one. */
  readonly rows: number;
}

/** Pairs the rows of both sides by key and tells what differs. Rows that neither side could keep for want of memory are left aside. */
export function pairDifferences(source: Collected, target: Collected, table: VerifyTable): Difference[] {
  const below = Math.min(source.below, target.below);
  const found: Difference[] = [];
  const kept = (side: Collected): CollectedRow[] => side.rows.filter((row) => row.keyB >>> 0 < below);
  for (const { left, right } of byKey(kept(source), kept(target))) {
    cancelEqual(left, right);
    // Without a key, whoever has no equal has no partner either.
    if (table.key.length > 0) pairDifferent(left, right, table, found);
    for (const row of left)
      if (row.count > 0) found.push({ kind: 'missing', key: row.key, columns: [], rows: row.count });
    for (const row of right)
      if (row.count > 0) found.push({ kind: 'extra', key: row.key, columns: [], rows: row.count });
  }
  return found;
}

interface KeyGroup {
  readonly left: CollectedRow[];
  readonly right: CollectedRow[];
}

function byKey(source: readonly CollectedRow[], target: readonly CollectedRow[]): Iterable<KeyGroup> {
  const groups = new Map<string, KeyGroup>();
  const add = (row: CollectedRow, side: keyof KeyGroup): void => {
    const id = `${row.keyA},${row.keyB}`;
    const group = groups.get(id) ?? { left: [], right: [] };
    groups.set(id, group);
    group[side].push({ ...row });
  };
  for (const row of source) add(row, 'left');
  for (const row of target) add(row, 'right');
  return groups.values();
}

function cancelEqual(left: readonly CollectedRow[], right: readonly CollectedRow[]): void {
  for (const one of left) {
    const other = right.find((row) => row.a === one.a && row.b === one.b);
    if (other === undefined) continue;
    const equal = Math.min(one.count, other.count);
    one.count -= equal;
    other.count -= equal;
  }
}

function pairDifferent(
  left: readonly CollectedRow[],
  right: readonly CollectedRow[],
  table: VerifyTable,
  found: Difference[],
): void {
  for (const one of left) {
    for (const other of right) {
      const rows = Math.min(one.count, other.count);
      if (rows === 0) continue;
      found.push({ kind: 'different', key: one.key, columns: differingColumns(one, other, table), rows });
      one.count -= rows;
      other.count -= rows;
    }
  }
}

function differingColumns(one: CollectedRow, other: CollectedRow, table: VerifyTable): string[] {
  const differs = (i: number): boolean =>
    [0, 1, 2].some((word) => one.values[3 * i + word] !== other.values[3 * i + word]);
  return table.columns.filter((_, i) => differs(i)).map((column) => column.source);
}

/** What a comparison that has found differences found. */
export interface Findings {
  readonly named: readonly Difference[];
  /** How many rows differ; at least so many when `exact` is false. */
  readonly count: number;
  readonly exact: boolean;
}

/** How far differences are followed. */
export interface FindLimits {
  /** Rows of one side in memory at a time. */
  readonly limitRows: number;
  /** Differences to name; reading again ends when there are so many. */
  readonly namedMax: number;
}

/**
 * Names the rows that differ, given the sums of both sides. `collect` reads both sides again for the buckets it is
 * given, in as many pieces as it likes. It is called once where the rows of all differing buckets fit the limit, and
 * for some of the buckets at a time where they do not.
 */
export async function findDifferences(
  table: VerifyTable,
  source: Sums,
  target: Sums,
  limits: FindLimits,
  collect: (buckets: readonly number[], limitRows: number) => Promise<{ source: Collected; target: Collected }>,
): Promise<Findings> {
  const named: Difference[] = [];
  let count = 0;
  let exact = true;
  for (const buckets of passes(source, target, limits.limitRows)) {
    const atLeast = buckets.reduce((sum, bucket) => sum + leastDifferences(source, target, bucket), 0);
    if (count >= limits.namedMax) {
      count += atLeast;
      exact = false;
      continue;
    }
    const collected = await collect(buckets, limits.limitRows);
    const differences = pairDifferences(collected.source, collected.target, table);
    const found = differences.reduce((sum, { rows }) => sum + rows, 0);
    named.push(...differences.slice(0, limits.namedMax - named.length));
    // Fewer than the sums have shown: rows were left aside, or the table has changed since. Neither makes it equal.
    const isSample = Math.min(collected.source.below, collected.target.below) < 0x1_0000_0000;
    if (isSample || found < atLeast) exact = false;
    count += Math.max(found, atLeast);
  }
  return { named, count, exact };
}

/** The differing buckets in groups whose rows fit the limit on either side; a bucket that alone does not is a group. */
function* passes(source: Sums, target: Sums, limitRows: number): Iterable<number[]> {
  let group: number[] = [];
  let rows = 0;
  for (const bucket of differingBuckets(source, target)) {
    const more = Math.max(rowsIn(source, bucket), rowsIn(target, bucket));
    if (group.length > 0 && rows + more > limitRows) {
      yield group;
      group = [];
      rows = 0;
    }
    group.push(bucket);
    rows += more;
  }
  if (group.length > 0) yield group;
}

function leastDifferences(source: Sums, target: Sums, bucket: number): number {
  return Math.max(1, Math.abs(rowsIn(source, bucket) - rowsIn(target, bucket)));
}
