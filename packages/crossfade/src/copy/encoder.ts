import type { Rule } from '../schema/model.ts';

/**
 * Writes one value that is not NULL as a field of binary COPY, its length first. False: the type cannot hold the value
 * exactly; then the caller rewinds, for some bytes may have been written.
 */
export type Encode = (tag: number, buf: Uint8Array, start: number, end: number) => boolean;

/** How strictly a column is encoded. */
export interface EncodeOptions {
  readonly rules: readonly Rule[];
  /** False where the profile has proved that every value of the column fits: then text and JSON are sent unexamined. */
  readonly checked: boolean;
}
