import type pg from 'pg';
import type { Target } from '../../src/pg/target.ts';
import { plainClient } from '../support/plain-client.ts';

/**
 * Plain SQL with every value as the server's own text: the third path, beside the loader's and the verifier's. It uses
 * nothing of the product but the address.
 */
export class Sql {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(target: Target): Promise<Sql> {
    const client = await plainClient(target);
    await client.query("set search_path = public, pg_catalog; set extra_float_digits = 1; set timezone = 'UTC'");
    return new Sql(client);
  }

  async run(statements: string): Promise<void> {
    await this.#client.query(statements);
  }

  /** Rows as `a|b`, NULL as `NULL`; an error as the one row `error SQLSTATE message`, so that a comparison shows it. */
  async rows(query: string): Promise<string[]> {
    try {
      const result = await this.#client.query<(string | null)[]>({
        text: query,
        rowMode: 'array',
        types: { getTypeParser: () => (text: string) => text },
      });
      return result.rows.map((row) => row.map((value) => value ?? 'NULL').join('|'));
    } catch (error) {
      const { code, message } = error as pg.DatabaseError;
      return [`error ${code} ${message}`];
    }
  }

  /** The SQLSTATE that a statement is refused with, or null when it is accepted. */
  async sqlstate(statement: string): Promise<string | null> {
    try {
      await this.#client.query(statement);
      return null;
    } catch (error) {
      return (error as pg.DatabaseError).code ?? 'no code';
    }
  }

  /** Tables and views outside the system's schemas, as `schema.name`. */
  async tables(): Promise<string[]> {
    return this.rows(`select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'p') and n.nspname !~ '^(pg_|information_schema)' order by 1`);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
