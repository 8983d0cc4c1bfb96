import type pg from 'pg';
import { ident } from '../../src/core/sql-text.ts';
import { suiteSchema } from '../../src/store/suite/suite.ts';

const schema = 'suite';

const deletions = Object.keys(suiteSchema).map((name) => `DELETE FROM ${ident(schema)}.${ident(name)}`);

/** Only what each case makes anew: the tables of Crossfade stay, and so does the fence, which nobody has turned. */
const forgetting = `DO $$ DECLARE each record; BEGIN
  IF to_regnamespace('crossfade') IS NULL THEN RETURN; END IF;
  FOR each IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'crossfade'::regnamespace AND relkind = 'r'
      AND relname <> 'store_fence' LOOP
    EXECUTE format('DELETE FROM %s', each.name);
  END LOOP;
  UPDATE crossfade.store_fence SET epoch = NULL, is_set = false;
  FOR each IN SELECT oid::regprocedure AS name FROM pg_proc WHERE starts_with(proname, 'store_capture_') LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', each.name);
  END LOOP;
END $$`;

/**
 * A schema for the records of the suite without a record in it, and nothing of the live protocol; the tables of the case
 * before stay, which is quicker.
 */
export async function emptied(client: pg.Client): Promise<string> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 1) await client.query([forgetting, ...deletions].join('; '));
  return schema;
}
