import type pg from 'pg';
import { query } from '../../pg/connect.ts';
import { type Sql, sql } from '../../pg/sql.ts';
import type { Script } from '../model.ts';
import { runStatement } from '../run-statement.ts';
import { statementFailure } from '../statement-failure.ts';
import { type ParsedStatement, parseStatements } from '../statements.ts';
import { unfit } from '../unfit.ts';
import { fit, type Way } from './fit.ts';

/** How files are run into a throwaway. */
export interface RunOptions {
  readonly way: Way;
  /** The live schema, whose name the files may use in a database of their own. */
  readonly schema: string;
  /** Sent before every file, since the one before may have changed it. */
  readonly prelude: Sql;
  /** After every file, to look whether it stayed inside. */
  readonly check?: (script: Script) => Promise<void>;
}

/** What helps where a schema is too small a place. */
export const instead =
  'Use a role that may create databases (CREATEDB), so that the files run in a database of their own';

/** A statement that was not run, for a reason. */
export interface PassedOver {
  readonly path: string;
  readonly line: number;
  readonly why: string;
}

interface Step extends ParsedStatement {
  /** Counted from 1, among all of the file. */
  readonly number: number;
  readonly of: number;
}

/**
 * Runs files one after the other, each as its runner would: in a transaction, or statement by statement. In the way
 * `schema` the caller's transaction is the only one.
 *
 * @throws CrossfadeError E_MIGRATION_SYNTAX; E_MIGRATION_UNFIT before anything ran, for a file that cannot be run there;
 * E_MIGRATION_FAILED with path, line, statement and SQLSTATE; E_TARGET_LOST, E_INTERRUPTED
 */
export async function runFiles(
  client: pg.Client,
  scripts: readonly Script[],
  options: RunOptions,
): Promise<PassedOver[]> {
  const passed: PassedOver[] = [];
  const plans = [];
  for (const script of scripts) plans.push({ script, steps: await planned(script, options, passed) });
  for (const { script, steps } of plans) {
    await query(client, options.prelude, 'set up the session');
    const own = steps.some(({ tree }) => 'TransactionStmt' in tree);
    const wrap = options.way === 'database' && script.transactional && !own;
    if (wrap) await query(client, sql`BEGIN`, 'begin a transaction');
    for (const { number, of, ...statement } of steps)
      await runStatement(client, statement).catch((error: unknown) => {
        throw statementFailure(error, script, { statement, number, of }, outcome);
      });
    if (wrap) await commit(client, script);
    await options.check?.(script);
  }
  return passed;
}

async function planned(script: Script, { way, schema }: RunOptions, passed: PassedOver[]): Promise<Step[]> {
  const statements = await parseStatements(script.sql, script.path);
  return statements.flatMap((statement, i) => {
    const found = fit(statement, way, schema);
    if ('run' in found) return [{ ...statement, sql: found.run, number: i + 1, of: statements.length }];
    if ('skip' in found) {
      passed.push({ path: script.path, line: statement.line, why: found.skip });
      return [];
    }
    throw unfit(script, statement, `it ${found.refuse}, so it cannot run in a throwaway schema. ${instead}`);
  });
}

const outcome =
  'The files ran in a throwaway, which is gone; the live schema was not touched. Compare the file with what once ran, or correct it.';

/** Deferred constraints speak up at the end. */
async function commit(client: pg.Client, script: Script): Promise<void> {
  const line = script.sql.trimEnd().split('\n').length;
  const end = { sql: 'COMMIT', line, column: 1, offset: script.sql.length, copyData: null };
  await client.query('COMMIT').catch((error: unknown) => {
    throw statementFailure(error, script, { statement: end, number: 1, of: 1 }, outcome);
  });
}
