import type { Goal } from '../../src/migrate/goal.ts';
import { noTransaction } from './migrations.ts';

/** A statement of a file without a transaction, as somebody sees it who repairs by hand. */
export interface Act {
  readonly sql: string;
  /** A query that says whether it was done. */
  readonly isDone: string;
  readonly undo: string;
}

/** A way that a run goes, to be killed on it. */
export interface Journey {
  readonly files: Readonly<Record<string, string>>;
  /** The version before. */
  readonly from: bigint | null;
  readonly goal: Goal;
  readonly to: bigint;
  /** By file: what a person has to know of one that cannot simply be run again. */
  readonly acts: Readonly<Record<string, readonly Act[]>>;
  /** Rows that must be there at the end, each once, whatever was done by hand. */
  readonly rows: string;
}

/** Everything of it can be run again from its beginning: no hand is needed but for the command. */
const repeatable: Journey = {
  files: {
    '1_log.up.sql': "CREATE TABLE log (line text);\nINSERT INTO log VALUES ('a');\nCOPY log FROM stdin;\nb\n\\.\n",
    '2_index.up.sql': `${noTransaction}DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON log (line);`,
    '3_more.up.sql': "ALTER TABLE log ADD COLUMN n int DEFAULT 1;\nINSERT INTO log VALUES ('c');",
  },
  from: null,
  goal: { kind: 'up' },
  to: 3n,
  acts: {},
  rows: 'SELECT line FROM log ORDER BY 1',
};

const exists = (name: string): string => `SELECT to_regclass('${name}') IS NOT NULL AS yes`;
const isGone = (name: string): string => `SELECT to_regclass('${name}') IS NULL AS yes`;
const remake = 'CREATE TABLE t (x int); INSERT INTO t VALUES (1)';

const up: readonly Act[] = [
  { sql: 'CREATE TABLE t (x int)', isDone: exists('t'), undo: 'DROP TABLE t' },
  { sql: 'INSERT INTO t VALUES (1)', isDone: 'SELECT count(*) > 0 AS yes FROM t', undo: 'DELETE FROM t' },
  { sql: 'CREATE INDEX CONCURRENTLY t_x ON t (x)', isDone: exists('t_x'), undo: 'DROP INDEX t_x' },
];
const down: readonly Act[] = [
  { sql: 'DROP INDEX CONCURRENTLY t_x', isDone: isGone('t_x'), undo: 'CREATE INDEX t_x ON t (x)' },
  {
    sql: "INSERT INTO log VALUES ('undone')",
    isDone: "SELECT count(*) > 0 AS yes FROM log WHERE line = 'undone'",
    undo: "DELETE FROM log WHERE line = 'undone'",
  },
  { sql: 'DROP TABLE t', isDone: isGone('t'), undo: remake },
];
const fileOf = (acts: readonly Act[]): string => `${noTransaction}${acts.map(({ sql }) => `${sql};`).join('\n')}\n`;

/** Not one statement of its second file can be run twice. */
const once = {
  files: {
    '1_log.up.sql': 'CREATE TABLE log (line text);',
    '1_log.down.sql': 'DROP TABLE log;',
    '2_t.up.sql': fileOf(up),
    '2_t.down.sql': fileOf(down),
    '3_more.up.sql': "ALTER TABLE t ADD COLUMN y int;\nINSERT INTO log VALUES ('three');",
    '3_more.down.sql': "ALTER TABLE t DROP COLUMN y;\nINSERT INTO log VALUES ('three undone');",
  },
  acts: { '2_t.up.sql': up, '2_t.down.sql': down },
  rows: 'SELECT line FROM log ORDER BY 1',
} as const;

export const journeys = {
  repeatable,
  up: {
    ...once,
    from: 1n,
    goal: { kind: 'up' },
    to: 3n,
    rows: 'SELECT line FROM log UNION ALL SELECT x::text FROM t ORDER BY 1',
  },
  down: { ...once, from: 2n, goal: { kind: 'down', count: 1 }, to: 1n },
  goto: { ...once, from: 3n, goal: { kind: 'goto', version: 1n }, to: 1n },
  // Where the way down is taken back by hand, nothing is left to do again: whether it was undone in between is open.
  redo: {
    ...once,
    from: 2n,
    goal: { kind: 'redo' },
    to: 2n,
    rows: 'SELECT x FROM t UNION ALL SELECT count(*) FROM log HAVING count(*) > 1',
  },
} as const satisfies Readonly<Record<string, Journey>>;
