import { ident } from '../../src/core/sql-text.ts';
import type { Target } from '../../src/pg/target.ts';
import { suiteSchema } from '../../src/store/suite/suite.ts';
import { plainQuery } from './plain-client.ts';

/** A schema for the records of the suite without a record in it; the tables of the case before stay, which is quicker. */
export async function emptied(target: Target): Promise<string> {
  const schema = 'suite';
  const deletions = Object.keys(suiteSchema).map((name) => `DELETE FROM ${ident(schema)}.${ident(name)}`);
  const { rowCount } = await plainQuery(target, 'SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 1) await plainQuery(target, deletions.join('; '));
  return schema;
}
