import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { ExitCode } from '../../src/core/errors.ts';
import type { MoveOptions } from '../../src/move/options.ts';

/**
 * One input that breaks other tools, and what has to come of it.
 *
 * `expect` is the outcome in one line; `sees` and `refuses` look at PostgreSQL by plain SQL, a path that shares nothing
 * with the loader or the verifier, so that a defect common to both is seen too.
 */
export interface NastyCase {
  readonly name: string;
  readonly build: Build;
  readonly options?: Partial<Omit<MoveOptions, 'source' | 'target'>>;
  readonly expect: Expected;
  /** SQL that prepares the target before the move. */
  readonly before?: string;
  /** A query of the target → its rows, in order; columns joined by `|`, NULL as `NULL`. */
  readonly sees?: Readonly<Record<string, readonly string[]>>;
  /** A statement that the moved schema has to refuse → the SQLSTATE, for constraints that matter by what they do. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** Strings that no report, warning or message may contain: values of rows. */
  readonly hides?: readonly string[];
}

/** Makes the input in an empty folder that is the case's own, and names the source to move. What is given to `done` runs when all has been looked at. */
export type Build = (folder: string, done: (close: () => void) => void) => string | Held;

/** An input with a state that lasts as long as the move: a lock, a changed user. */
export interface Held {
  readonly source: string;
  /** Called right before the move; what it returns is called right after it. */
  readonly hold: () => () => void;
}

export interface Expected {
  readonly exit: ExitCode;
  readonly rows: number;
  /** `table.column` of the source → PostgreSQL type. */
  readonly types: Readonly<Record<string, string>>;
  /** Value problems: `table.column` → code. All of them, no others. */
  readonly bad: Readonly<Record<string, string>>;
  readonly rejected: number;
  readonly altered: number;
  /** Code of the refusal, when the source or the target is refused before the run. */
  readonly refusal: string | null;
  /** One entry for each thing not created, a part of its line in the report; all of them, no others. */
  readonly notCreated: readonly string[];
  /** Names; all of them, no others. */
  readonly notMoved: readonly string[];
  /** Parts of warnings that must be there. */
  readonly warns: readonly string[];
}

type Also = Partial<Pick<Expected, 'notCreated' | 'notMoved' | 'warns'>>;
const nothing: Expected = {
  exit: 0,
  rows: 0,
  types: {},
  bad: {},
  rejected: 0,
  altered: 0,
  refusal: null,
  notCreated: [],
  notMoved: [],
  warns: [],
};

/** Every row arrives, exit 0. */
export const moves = (types: Expected['types'], rows: number, also: Also = {}): Expected => ({
  ...nothing,
  types,
  rows,
  ...also,
});

/** The run ends before anything is published, exit 3, and names each column with its code. */
export const stops = (bad: Expected['bad']): Expected => ({ ...nothing, exit: 3, bad });

/** The run finishes, exit 4, with an account of what was withheld or altered. */
export const accounts = (
  account: { rejected?: number; altered?: number; bad?: Expected['bad'] },
  types: Expected['types'],
  rows: number,
  also: Also = {},
): Expected => ({ ...nothing, exit: 4, types, rows, ...account, ...also });

/** The source or the target is refused before the run, exit 1. */
export const refused = (refusal: string, exit: ExitCode = 1): Expected => ({ ...nothing, exit, refusal });

/** A SQLite file made by these statements, in one autocommit connection of its own. */
export function sqlite(...statements: readonly string[]): Build {
  return (folder) => makeSqlite(join(folder, 'source.db'), ...statements);
}

/** As {@link sqlite}, at a path of the caller's choice. */
export function makeSqlite(path: string, ...statements: readonly string[]): string {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false, defensive: false });
  for (const statement of statements) db.exec(statement);
  db.close();
  return path;
}

/**
 * Edits the stored schema text, as a damaged or foreign writer could: for states that SQLite would not let a statement
 * make but reads without complaint (a NOT NULL column with NULLs, an unknown collation).
 */
export function rewriteSchema(from: string, to: string): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `pragma writable_schema = on; update sqlite_schema set sql = replace(sql, ${quote(from)}, ${quote(to)}); pragma writable_schema = reset`;
}

/** Queries of the target's catalog, for `sees`. */
export const catalog = {
  /** Definitions without names, for names are free; NOT NULL is left out because only newer servers list it here. */
  constraints: (table: string) =>
    `select pg_get_constraintdef(oid) from pg_constraint where conrelid = '${table}'::regclass and contype <> 'n' order by 1`,
  /** What follows USING, with `unique` in front where it is. */
  indexes: (table: string) =>
    `select (case when indisunique then 'unique ' else '' end) || substring(pg_get_indexdef(indexrelid) from 'USING (.*)')
       from pg_index where indrelid = '${table}'::regclass order by 1`,
  notNull: (table: string) =>
    `select attname from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and attnotnull order by attnum`,
};
