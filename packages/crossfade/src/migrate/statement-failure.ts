import pg from 'pg';
import { CrossfadeError, type Facts } from '../core/errors.ts';
import { failure } from '../pg/failure.ts';
import type { Script, Statement } from './model.ts';
import { indexOfCharacter, positionAt } from './position.ts';
import type { LockLimit } from './settings.ts';

/** Which statement of how many. */
export interface Numbered {
  readonly statement: Statement;
  /** Counted from 1. */
  readonly number: number;
  readonly of: number;
  /** Who says how long it queues for locks; default ours. */
  readonly lockLimit?: LockLimit;
}

/** Not to be had within lock_timeout; a deadlock; a snapshot that could not be kept. Nothing is wrong with the statement. */
const passing: readonly string[] = ['55P03', '40P01', '40001'];

/** Whether the same statement may well succeed a moment later. */
export function isPassing(error: unknown): boolean {
  return error instanceof CrossfadeError && passing.includes(String(error.facts.sqlstate));
}

/**
 * What PostgreSQL refused, with its place in the file. The server's own words are kept where they can quote nothing but
 * names; a value that it quotes is shown only if it stands in the file itself.
 *
 * @param outcome what stands now and what to do next, in whole sentences
 */
export function statementFailure(error: unknown, script: Script, numbered: Numbered, outcome: string): CrossfadeError {
  const { statement, number, of, lockLimit } = numbered;
  if (!(error instanceof pg.DatabaseError)) return failure(error, `run statement ${number} of ${script.path}`);
  const sqlstate = error.code ?? 'unknown';
  // The connection is what failed: there is no place in the file to blame.
  const general = failure(error, `run statement ${number} of ${script.path}`);
  if (general.code === 'E_TARGET_LOST') return general;
  const { line, column } = placeOf(error, script, statement);
  const { schema, table, constraint } = error;
  const facts: Facts = {
    path: script.path,
    line,
    column,
    statement: number,
    statements: of,
    sqlstate,
    ...(lockLimit === 'own' && { ownLockTimeout: true }),
    ...(schema !== undefined && { schema }),
    ...(table !== undefined && { table }),
    ...(constraint !== undefined && { constraint }),
  };
  const what = serverWords(error, statement);
  return new CrossfadeError(
    'E_MIGRATION_FAILED',
    `${script.path}:${line}:${column}: statement ${number} of ${of} failed: ${what} (SQLSTATE ${sqlstate}). ${outcome}`,
    facts,
  );
}

function placeOf(error: pg.DatabaseError, script: Script, statement: Statement): { line: number; column: number } {
  if (error.position !== undefined && /^\d+$/.test(error.position)) {
    const offset = statement.offset + indexOfCharacter(statement.sql, Number(error.position) - 1);
    return positionAt(script.sql, offset);
  }
  // COPY says which of its lines was refused, and quotes the line behind that, which is left where it is.
  const row = statement.copyData === null ? null : /^COPY .*?, line (\d+)/.exec(error.where ?? '');
  if (row === null) return statement;
  // The semicolon may stand lines below the statement, and the data begins on the line after it.
  const semicolon = script.sql.indexOf(';', statement.offset + statement.sql.length);
  const first = positionAt(script.sql, semicolon).line + 1;
  return { line: first + Number(row[1]) - 1, column: 1 };
}

/** Classes of SQLSTATE whose messages name objects and never quote what stands in them. */
const namesOnly: readonly string[] = [
  '0A',
  '23',
  '25',
  '26',
  '28',
  '2B',
  '2D',
  '34',
  '3B',
  '3D',
  '3F',
  '40',
  '42',
  '53',
  '54',
  '55',
  '57',
];

function serverWords({ message, code = '', routine }: pg.DatabaseError, { sql }: Statement): string {
  const plain = message.replaceAll(/\s+/g, ' ');
  // What RAISE says is the author's, whatever SQLSTATE it is given: shown as far as it stands in the file.
  const isRaised = code.startsWith('P0') || routine === 'exec_stmt_raise';
  if (!isRaised && namesOnly.includes(code.slice(0, 2))) return plain;
  if (sql.includes(message)) return plain;
  if (isRaised) return 'an exception was raised, whose words may hold values';
  // From the first quote to the last: a value may have quotes of its own.
  return plain.replace(/"(.*)"/, (quoted: string, value: string) =>
    value !== '' && sql.includes(value) ? quoted : '"…"',
  );
}
