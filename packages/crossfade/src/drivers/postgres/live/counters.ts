import type pg from 'pg';
import { qualified } from '../../../schema/ddl.ts';
import type { Counters } from '../../../store/live/counters.ts';
import { behindWriters, type LivePlace, run } from './place.ts';

/** The sequences that number the key of a table: its own ones, and others that a default names. */
const sequencesText = `SELECT DISTINCT n.nspname, s.relname, q.seqincrement
  FROM pg_class t
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = ANY ($3::text[])
  LEFT JOIN pg_attrdef f ON f.adrelid = t.oid AND f.adnum = a.attnum
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = t.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
    OR d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_sequence q ON q.seqrelid = CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid ELSE d.refobjid END
  JOIN pg_class s ON s.oid = q.seqrelid
  JOIN pg_namespace n ON n.oid = s.relnamespace
  WHERE t.oid = to_regclass(quote_ident($1) || '.' || quote_ident($2))`;

/** The counters of a store. */
export function countersOf(place: LivePlace): Counters {
  return {
    raise: async (collection, atLeast) => {
      const key = place.opened().tables.get(collection)?.shape.key ?? [];
      const { rows } = await place.read(sequencesText, [place.schema, collection, key]);
      for (const [schema, name, increment] of rows as [string, string, string][]) {
        const sequence = { relation: qualified(schema, name), increment };
        await behindWriters(place, (client) => raise(client, sequence, atLeast));
      }
      return rows.length > 0;
    },
  };
}

/**
 * Altering a sequence, if only to what it is, is the one lock that keeps `nextval` out, so that nobody draws a number
 * between the look and the step. Numbers that other sessions have put aside are void after it.
 */
async function raise(
  client: pg.Client,
  { relation, increment }: { readonly relation: string; readonly increment: string },
  atLeast: bigint,
): Promise<void> {
  const isBelow = `SELECT last_value < $1::bigint OR (last_value = $1::bigint AND NOT is_called) FROM ${relation}`;
  const look = async (): Promise<boolean> => (await run(client, isBelow, [String(atLeast)])).rows[0][0] === 't';
  if (!(await look())) return;
  await run(client, `ALTER SEQUENCE ${relation} INCREMENT BY ${BigInt(increment)}`);
  if (await look()) await run(client, 'SELECT setval($1::regclass, $2::bigint, true)', [relation, String(atLeast)]);
}
