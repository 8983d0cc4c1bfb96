import type { SQLInputValue, StatementSync } from 'node:sqlite';

/**
 * Runs a statement that writes, or that begins or ends a transaction; answers how many rows it has changed.
 *
 * Node adds the connection's last rowid to each answer, and newer ones throw for one beyond 2^53, when the write is done.
 * As a bigint it has no such bound.
 */
export function run(statement: StatementSync, ...values: SQLInputValue[]): number {
  statement.setReadBigInts(true);
  return Number(statement.run(...values).changes);
}

/** As {@link run}, where nobody asks how many rows: without an answer to make, which costs as much as the checks of a record. */
export function runSilently(statement: StatementSync, ...values: SQLInputValue[]): void {
  statement.get(...values);
}
