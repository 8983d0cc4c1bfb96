/** One file, as it will run. */
export interface Script {
  readonly path: string;
  /** The text without a byte-order mark, otherwise as it lies there. */
  readonly sql: string;
  /** Of the text with LF at the end of each line, in hexadecimal: a checkout with CRLF is the same migration. */
  readonly sha256: string;
  /** False for a file with `-- crossfade: no-transaction` among its leading comments. */
  readonly transactional: boolean;
}

/** One step between two versions of a schema; a missing half is null. */
export interface Migration {
  /** Whatever the number of leading zeros in the files' names. */
  readonly version: bigint;
  readonly name: string;
  readonly up: Script | null;
  readonly down: Script | null;
}

/** One statement of a file. */
export interface Statement {
  /** The exact text, from the first token on, without the ending semicolon and the blanks before it. */
  readonly sql: string;
  /** Counted from 1; where the first token stands. */
  readonly line: number;
  /** Counted from 1, in characters as an editor counts them (a tab is one). */
  readonly column: number;
  /** Of the first token, as an index into the file's text. */
  readonly offset: number;
  /** The data lines behind `COPY ... FROM STDIN;`, without the line `\.`; null for every other statement. */
  readonly copyData: string | null;
}

/** What a file's name and its statements say, in the two ways that a schema goes. */
export type Direction = 'up' | 'down';

/** The file of a direction. */
export function scriptOf(migration: Migration, direction: Direction): Script | null {
  return direction === 'up' ? migration.up : migration.down;
}
