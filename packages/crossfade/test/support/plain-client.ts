import pg from 'pg';
import type { Target } from '../../src/pg/target.ts';

/** Opens node-postgres as it is, with none of the product's settings: what is seen through it is not ours to bend. */
export async function plainClient({ host, port, user, database, password }: Target): Promise<pg.Client> {
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ssl: false,
  });
  await client.connect();
  return client;
}

/** One statement on a plain connection of its own. */
export async function plainQuery<R extends pg.QueryResultRow = pg.QueryResultRow>(
  target: Target,
  sql: string,
  values?: unknown[],
): Promise<pg.QueryResult<R>> {
  const client = await plainClient(target);
  try {
    return await client.query<R>(sql, values);
  } finally {
    await client.end();
  }
}
