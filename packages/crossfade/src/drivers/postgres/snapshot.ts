import type pg from 'pg';
import type { Pool } from './pool.ts';
import { ask, inTransaction } from './statement.ts';

/**
 * Gives `work` one state of the database on a connection of its own, once: what it has done with the first records
 * cannot be taken back by reading others. A connection that broke is not used again.
 *
 * @param told makes a failure of PostgreSQL the error that the caller gets; others are passed on as they are
 */
export async function snapshot<T>(
  pool: Pool,
  work: (client: pg.Client) => Promise<T>,
  told: (error: unknown) => unknown,
): Promise<T> {
  const client = pool.take() ?? (await pool.acquire());
  try {
    return await inTransaction(
      client,
      async () => {
        // The state is that of the first statement.
        await ask(client, { name: null, text: 'SELECT' }, []);
        return work(client);
      },
      'read',
    );
  } catch (error) {
    throw told(error);
  } finally {
    pool.release(client);
  }
}
