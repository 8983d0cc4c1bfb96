import type { Sql } from '../pg/sql.ts';
import type { Script } from './model.ts';
import { parseStatements } from './statements.ts';
import { withoutOwnTransaction } from './unfit.ts';

/**
 * A file for psql: where its plain names lead, the transaction that a run would put around it, and a semicolon where its
 * last statement has none, so that the next file can follow. Otherwise as it stands.
 *
 * @param searchPath the statement that sets the search path of a file
 */
export async function pasted({ sql, path, transactional }: Script, searchPath: Sql): Promise<string> {
  const statements = await parseStatements(sql, path);
  const last = statements.at(-1);
  const behind = last === undefined ? ';' : sql.slice(last.offset + last.sql.length);
  const isOpen = last?.copyData === null && !behind.trimStart().startsWith(';');
  const body = `${sql.trimEnd()}${isOpen ? '\n;' : ''}`;
  const isBracketed = transactional && withoutOwnTransaction(statements) === statements;
  return [`${searchPath.text};`, ...(isBracketed ? ['BEGIN;', body, 'COMMIT;'] : [body])].join('\n');
}
