import type { Row, RowKey } from '../../core/cell.ts';

/** A run of rows in key order, all in memory at once. It and its rows are valid until the next page is asked for. */
export interface Page {
  readonly rows: number;
  /** Bytes of values, for progress. */
  readonly bytes: number;
  /** True: every text of the page is known to be valid UTF-8 without NUL. False: nobody has looked. */
  readonly clean: boolean;
  /** The key of the last row; of a page without rows nobody asks. */
  readonly last: RowKey;
  each(visit: (row: Row) => void): void;
  /** Lets go of the rows, whoever still holds the page. */
  release(): void;
}
