/**
 * A side of a table in 48 KB. Every row adds its digest to one of the buckets, so neither order nor the way the table
 * was cut into pieces matters, and the sums of the pieces add up to the sum of the whole.
 */
export interface Sums {
  rows: number;
  /** Three words a bucket: how many rows, and the two words of their digests, added modulo 2^32. */
  readonly words: Int32Array<ArrayBuffer>;
}

/** Enough that a single difference leaves a second look at 1 of 4,096 rows, few enough to stay in a processor's cache. */
export const bucketCount = 4096;

/** Of a side without rows. */
export function emptySums(): Sums {
  return { rows: 0, words: new Int32Array(3 * bucketCount) };
}

/** Adds a row by the two words of its digest. */
export function addRow(sums: Sums, bucket: number, a: number, b: number): void {
  const at = 3 * bucket;
  sums.words[at]++;
  sums.words[at + 1] += a;
  sums.words[at + 2] += b;
  sums.rows++;
}

/** Adds a piece to the sums of other pieces of the same side, and returns these. */
export function addSums(into: Sums, piece: Sums): Sums {
  for (let i = 0; i < into.words.length; i++) into.words[i] += piece.words[i];
  into.rows += piece.rows;
  return into;
}

/** The buckets in which the sides differ. None: every row of one side is on the other side, as often. */
export function differingBuckets(a: Sums, b: Sums): number[] {
  const found: number[] = [];
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const at = 3 * bucket;
    if (a.words[at] !== b.words[at] || a.words[at + 1] !== b.words[at + 1] || a.words[at + 2] !== b.words[at + 2])
      found.push(bucket);
  }
  return found;
}

/** How many rows a bucket has, modulo 2^32. */
export function rowsIn(sums: Sums, bucket: number): number {
  return sums.words[3 * bucket] >>> 0;
}
