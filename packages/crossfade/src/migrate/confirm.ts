import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query, transaction } from '../pg/connect.ts';
import { failure } from '../pg/failure.ts';
import { type Context, filePath } from './context.ts';

/** By what it proves, a query that says so with one row of one boolean: `{ 'two users': 'SELECT count(*) = 2 FROM users' }`. */
export type Confirmations = Readonly<Record<string, string>>;

/**
 * Asks what a service relies on besides the version: that its seeds are there, that a table has not been emptied. All
 * in one read-only snapshot; names lead where those of the files lead.
 *
 * @throws CrossfadeError E_MIGRATION_UNCONFIRMED that names every one that is not so
 */
export async function confirm(context: Context, confirmations: Confirmations): Promise<void> {
  const asked = Object.entries(confirmations);
  if (asked.length === 0) return;
  const failed = await transaction(
    context.client,
    async (client) => {
      await query(client, filePath(context), 'prepare to confirm the schema');
      const found: string[] = [];
      for (const [name, statement] of asked) if (!(await holds(client, name, statement))) found.push(name);
      return found;
    },
    'read',
  );
  if (failed.length > 0) throw unconfirmed(failed, failed.join('; '));
}

async function holds(client: pg.Client, name: string, statement: string): Promise<boolean> {
  try {
    // The extended protocol takes one statement, so none of them can end the read-only transaction.
    const asked: pg.QueryArrayConfig & { queryMode: 'extended' } = {
      text: statement,
      rowMode: 'array',
      queryMode: 'extended',
    };
    const { rows } = await client.query<unknown[]>(asked);
    return rows.length === 1 && rows[0].length === 1 && rows[0][0] === 't';
  } catch (error) {
    const { code, facts } = failure(error, 'confirm the schema');
    if (code === 'E_TARGET_LOST' || code === 'E_INTERRUPTED') throw error;
    throw unconfirmed([name], `${name} (PostgreSQL refused the query: SQLSTATE ${String(facts.sqlstate)})`);
  }
}

function unconfirmed(names: readonly string[], which: string): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_UNCONFIRMED',
    `The migrations stand, and this is not confirmed: ${which}. The service should not start. Look at the rows in question; a seed that is missing belongs into a new migration.`,
    { names },
  );
}
