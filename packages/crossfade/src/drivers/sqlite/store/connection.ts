import { randomInt } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../../../core/errors.ts';
import { resultCodeOf } from '../result-words.ts';
import type { Awaitable } from '../../../store/awaitable.ts';
import { runSilently } from '../run.ts';
import { isBusy } from './failure.ts';

/** How many statements are kept prepared; scans have one for each combination of conditions. */
const statementsMax = 500;

let cutsText: boolean | undefined;

/** Asked of a database of its own, once: a file may be locked by somebody else while it is opened. */
function apiCutsText(): boolean {
  if (cutsText === undefined) {
    const db = new DatabaseSync(':memory:');
    cutsText = db.prepare("SELECT 'a' || char(0) || 'b' AS text").get()?.text !== 'a\0b';
    db.close();
  }
  return cutsText;
}

/** Somebody else holds what a step needs. */
const busy = Symbol('busy');

/** What a function of the caller has thrown within a transaction: handed on as it is, whatever it looks like. */
export class CallersError extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super('a function of the caller has thrown');
    this.thrown = thrown;
  }
}

/**
 * One connection. Everything that it does is one synchronous step, and it waits for others between steps: SQLite's own
 * busy handler would hold up every other request of this process meanwhile.
 */
export class Connection {
  readonly path: string;
  readonly db: DatabaseSync;
  /** This Node's API ends text at its first NUL without a word; Node 22 does. */
  readonly cutsText: boolean;
  readonly busyTimeoutMs: number;
  private readonly statements = new Map<string, StatementSync>();
  private readonly begin: StatementSync;
  private readonly commit: StatementSync;
  private readonly rollback: StatementSync;

  constructor(path: string, db: DatabaseSync, busyTimeoutMs: number) {
    this.path = path;
    this.db = db;
    this.busyTimeoutMs = busyTimeoutMs;
    this.cutsText = apiCutsText();
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
  }

  /** A statement, prepared once. Its rows are arrays. */
  prepared(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare(sql);
    statement.setReturnArrays(true);
    if (this.statements.size >= statementsMax) this.statements.delete(this.statements.keys().next().value as string);
    this.statements.set(sql, statement);
    return statement;
  }

  /** Runs a step that reads, at once unless somebody holds a lock. @throws what SQLite throws, after waiting for locks */
  read<T>(step: () => T): Awaitable<T> {
    return this.patiently(step);
  }

  /**
   * Runs a step as one write transaction: acknowledged when it is on the disk, or not a trace of it. The step may run
   * more than once. @throws what the step or SQLite throws; E_OUTCOME_UNKNOWN where the disk failed at the commit
   */
  write<T>(step: () => T): Awaitable<T> {
    return this.patiently(() => this.transaction(step));
  }

  /**
   * Within a transaction of several statements: references are judged by its end, also those of tables that others have
   * made, which may count at once. A single statement is judged by its end, where no reference is made with RESTRICT, and
   * this would cost it as much as itself. Not prepared: it acts when it is compiled.
   */
  deferReferences(): void {
    this.db.exec('PRAGMA defer_foreign_keys = ON');
  }

  private transaction<T>(step: () => T): T {
    runSilently(this.begin);
    try {
      const result = step();
      this.commitAll();
      return result;
    } catch (error) {
      this.takeBack();
      throw error;
    }
  }

  /** What a failed rollback says is no news: the next call finds the transaction that could not be ended. */
  private takeBack(): void {
    try {
      if (this.db.isTransaction) runSilently(this.rollback);
    } catch {
      // The error that led here is told, whether the write may be there among it.
    }
  }

  private commitAll(): void {
    try {
      runSilently(this.commit);
    } catch (error) {
      if ((resultCodeOf(error) & 0xff) !== 10) throw error;
      // The commit may have reached the log before the disk failed, and recovery would find it there.
      throw new CrossfadeError(
        'E_OUTCOME_UNKNOWN',
        `${this.path}: the disk failed while the write was being made durable. It may be there or not. Look at the disk, then read before writing again.`,
        { path: this.path, sqliteCode: resultCodeOf(error) },
      );
    }
  }

  /** Tries until nobody else holds what is needed, or the time is up. */
  private patiently<T>(step: () => T): Awaitable<T> {
    const answer = this.attempt(step, this.busyTimeoutMs <= 0);
    return answer === busy ? this.retried(step) : answer;
  }

  private async retried<T>(step: () => T): Promise<T> {
    const deadline = performance.now() + this.busyTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      await sleep(this.db.isOpen && this.db.isTransaction ? 0 : randomInt(1, Math.min(25, 2 + attempt * 2)));
      if (!this.db.isOpen) throw this.unusable('E_STORE_CLOSED', 'the store was closed meanwhile');
      const answer = this.attempt(step, performance.now() >= deadline);
      if (answer !== busy) return answer;
    }
  }

  /** @param isLast what is in the way is then an error */
  private attempt<T>(step: () => T, isLast: boolean): T | typeof busy {
    // Within the function of an `update`, which is not to see its own unfinished write.
    if (this.db.isTransaction) {
      if (isLast) throw this.unusable('E_STORE_FAILED', 'an earlier transaction could not be ended');
      return busy;
    }
    try {
      return step();
    } catch (error) {
      if (error instanceof CallersError) throw error.thrown;
      if (!isBusy(error) || isLast) throw error;
      return busy;
    }
  }

  private unusable(code: 'E_STORE_CLOSED' | 'E_STORE_FAILED', what: string): CrossfadeError {
    return new CrossfadeError(code, `${this.path}: ${what}. Nothing was done. Close the store and open it again.`, {
      path: this.path,
    });
  }
}
