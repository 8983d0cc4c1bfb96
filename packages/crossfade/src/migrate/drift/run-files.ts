import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { CrossfadeError } from '../../core/errors.ts';
import { failure } from '../../pg/failure.ts';
import { type Sql, sql } from '../../pg/sql.ts';
import { query } from '../../pg/connect.ts';
import type { Script } from '../model.ts';
import { type ParsedStatement, parseStatements } from '../statements.ts';
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

/** A statement that was not run, for a reason. */
export interface PassedOver {
  readonly path: string;
  readonly line: number;
  readonly why: string;
}

interface Step extends ParsedStatement {
  readonly run: string;
}

/**
 * Runs files one after the other, each as its runner would: in a transaction, or statement by statement. In the way
 * `schema` the caller's transaction is the only one.
 *
 * @throws CrossfadeError E_MIGRATION_SYNTAX; E_MIGRATION_UNFIT before anything ran, for a file that cannot be run there;
 * E_MIGRATION_FAILED with path, line and SQLSTATE; E_TARGET_LOST, E_INTERRUPTED
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
    for (const step of steps) await runStep(client, script, step);
    if (wrap) await commit(client, script);
    await options.check?.(script);
  }
  return passed;
}

async function planned(script: Script, { way, schema }: RunOptions, passed: PassedOver[]): Promise<Step[]> {
  const statements = await parseStatements(script.sql, script.path);
  return statements.flatMap((statement) => {
    const found = fit(statement, way, schema);
    if ('run' in found) return [{ ...statement, run: found.run }];
    if ('skip' in found) {
      passed.push({ path: script.path, line: statement.line, why: found.skip });
      return [];
    }
    throw new CrossfadeError(
      'E_MIGRATION_UNFIT',
      `${script.path}:${statement.line}: ${headOf(statement.sql)} ${found.refuse}: it cannot be run in a throwaway schema. Nothing was run. Leave the schema out of the file, or use a role that may create databases (CREATEDB), so that the files run in a database of their own.`,
      { path: script.path, line: statement.line },
    );
  });
}

async function runStep(client: pg.Client, script: Script, step: Step): Promise<void> {
  try {
    if (step.copyData === null) await client.query(step.run);
    else await pipeline(Readable.from([Buffer.from(step.copyData)]), client.query(copyStreams.from(step.run)));
  } catch (error) {
    throw explained(error, script, step);
  }
}

/** Deferred constraints speak up here. */
async function commit(client: pg.Client, script: Script): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    throw explained(error, script, { sql: 'COMMIT', line: script.sql.trimEnd().split('\n').length });
  }
}

/** PostgreSQL's message tells what is wrong in the file; its detail may quote rows and is left out. */
function explained(error: unknown, script: Script, { sql: text, line }: { sql: string; line: number }): CrossfadeError {
  const found = failure(error, `run ${script.path}, line ${line}`);
  if (
    !(error instanceof pg.DatabaseError) ||
    !['E_TARGET_REFUSED', 'E_TARGET_RIGHTS', 'E_INTERNAL'].includes(found.code)
  )
    return found;
  const sqlstate = error.code ?? 'unknown';
  return new CrossfadeError(
    'E_MIGRATION_FAILED',
    `${script.path}:${line}: ${headOf(text)}: ${error.message} (SQLSTATE ${sqlstate}). The files were run in a throwaway, which is gone; the live schema was not touched. Correct the file, or compare it with what once ran.`,
    { path: script.path, line, statement: headOf(text), sqlstate },
  );
}

/** The first words of a statement, before any value. */
function headOf(statement: string): string {
  return (/^[\p{L}\p{N}_."\s]+/u.exec(statement.replace(/\s+/g, ' '))?.[0] ?? 'the statement').trim().slice(0, 80);
}
