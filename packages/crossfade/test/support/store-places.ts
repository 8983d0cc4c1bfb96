import type pg from 'pg';
import { ident } from '../../src/core/sql-text.ts';
import { suiteSchema } from '../../src/store/suite/suite.ts';

const schema = 'suite';

const deletions = Object.keys(suiteSchema).map((name) => `DELETE FROM ${ident(schema)}.${ident(name)}`);

/**
 * A schema for the records of the suite without a record in it, and nothing of the live protocol; the tables of the case
 * before stay, which is quicker.
 */
export async function emptied(client: pg.Client): Promise<string> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 1) await client.query(['DROP SCHEMA IF EXISTS crossfade CASCADE', ...deletions].join('; '));
  return schema;
}
