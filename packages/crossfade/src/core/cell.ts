/**
 * One value of the source, as bytes. Values are never made into JavaScript strings on the way: strings are the
 * second largest cost of a move, and they are where Node silently turns bad bytes into U+FFFD.
 */

/** SQLite's five storage classes. The numbers index tables of counters, so they stay small and dense. */
export const Tag = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const;
export type Tag = (typeof Tag)[keyof typeof Tag];

/**
 * One row, laid out for reading without allocation. The reader owns it and reuses it for the next row, and the
 * buffers behind it for the next page: copy whatever is to outlive the callback.
 *
 * Cell `i` is `buffers[i].subarray(starts[i], ends[i])`, and its meaning follows `tags[i]`:
 * - null: no bytes.
 * - integer: decimal ASCII, canonical (`-12`, never `+12` or `012`), within 64 bits.
 * - real: ASCII that `Number()` reads back as the very same double; also `Inf`, `-Inf` and `-0.0`.
 * - text: the bytes of the value in UTF-8 as stored. They may be invalid UTF-8 and may contain NUL. Lone surrogates
 *   of a UTF-16 database arrive as their three-byte (invalid) form, so they are seen and refused like other bad bytes.
 * - blob: the bytes.
 */
export interface Row {
  /** Names the row: the rowid, or the values of the primary key of a WITHOUT ROWID table. See {@link RowKey}. */
  readonly key: RowKey;
  readonly tags: Uint8Array;
  readonly buffers: Buffer[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * Where a row stands in its table, in the order the table is read: one value a key column. A rowid table has one
 * bigint. Text of a WITHOUT ROWID key is kept as bytes, because it may not be valid UTF-8.
 */
export type RowKey = readonly KeyValue[];
export type KeyValue = bigint | number | { readonly text: Uint8Array } | { readonly blob: Uint8Array };

/**
 * A contiguous run of rows: keys greater than `after` and at most `upTo`; null is open. Chunks of one table do not
 * overlap and together hold every row.
 */
export interface KeyRange {
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
}
