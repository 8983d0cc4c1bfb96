import pg from 'pg';
import { CrossfadeError, type Facts } from '../core/errors.ts';
import {
  byDriverMessage,
  byErrno,
  bySqlState,
  byTlsCode,
  type Kind,
  loginExchange,
  otherSqlState,
  otherTls,
} from './failure-table.ts';

/**
 * Any error of a connection as one of ours. PostgreSQL's message, detail, hint, context and query carry row values
 * ("Failing row contains (…)"), so nothing of them is taken and the error is not kept as `cause`: printing the result
 * in whatever way cannot show a value. What is kept are names and the SQLSTATE.
 *
 * @param doing completes "Could not …"; names of tables are welcome, values are not.
 */
export function failure(error: unknown, doing: string): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  if (error instanceof Error && error.name === 'AbortError') return interrupted(doing);
  if (error instanceof pg.DatabaseError) return fromServer(error, doing);
  const kind = withoutSqlState(error);
  return kind === null ? internal(error, doing) : make(kind, doing, {});
}

/** The error of a run that was told to stop. */
export function interrupted(doing: string): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    `Could not ${doing}: the run was interrupted. Run the same command again: it continues where it stopped.`,
  );
}

function fromServer(error: pg.DatabaseError, doing: string): CrossfadeError {
  const sqlstate = error.code ?? 'unknown';
  const kind = bySqlState[sqlstate] ?? bySqlState[sqlstate.slice(0, 2)] ?? otherSqlState;
  const { schema, table, column, constraint, dataType } = error;
  const named = Object.entries({ schema, table, column, constraint, dataType }).filter(
    (entry) => entry[1] !== undefined,
  );
  return make(kind, doing, { sqlstate, ...Object.fromEntries(named) });
}

function make(kind: Kind, doing: string, facts: Facts): CrossfadeError {
  const named = Object.entries(facts).map(([key, value]) =>
    key === 'sqlstate' ? `SQLSTATE ${String(value)}` : `${key} "${String(value)}"`,
  );
  const where = named.length > 0 ? ` (${named.join(', ')})` : '';
  return new CrossfadeError(kind.code, `Could not ${doing}: ${kind.what}${where}. ${kind.next}`, facts);
}

function withoutSqlState(error: unknown): Kind | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|INVALID_|EPROTO$)/.test(code)
  ) {
    return byTlsCode[code] ?? otherTls;
  }
  if (error.message.startsWith('SASL: ')) return loginExchange;
  return byErrno[code] ?? byDriverMessage[error.message] ?? null;
}

/** A defect: told where it arose, by stack frames alone, since a message may quote what it choked on. */
function internal(error: unknown, doing: string): CrossfadeError {
  const { name, frames } =
    error instanceof Error ? { name: error.name, frames: framesOf(error) } : { name: typeof error, frames: [] };
  const message = `Could not ${doing}: an unexpected ${name} arose. This is a defect of Crossfade: please report it with the facts of this error.`;
  return new CrossfadeError('E_INTERNAL', message, { error: name, frames });
}

/** The message is cut off by its length, not by its look: a value may have lines that look like frames. */
function framesOf(error: Error): string[] {
  const stack = error.stack ?? '';
  const at = stack.indexOf(error.message);
  const rest = error.message === '' || at < 0 ? stack : stack.slice(at + error.message.length);
  return at < 0
    ? []
    : rest
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 5)
        .map((line) => line.trim());
}
