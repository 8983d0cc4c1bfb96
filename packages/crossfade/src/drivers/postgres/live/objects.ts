import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import { literal } from '../../../core/sql-text.ts';
import { isStranger, run, runAll } from './place.ts';

/**
 * Crossfade's own objects. They lie in a schema of their own, for all stores of the database: `place`, a PostgreSQL
 * schema, and the collection say whose a row is, since several stores may lie in one schema. Their names begin with `store_`, so that others may lie beside them.
 *
 * Whoever installs owns them. Programs that write into the tables need no rights here: triggers note and look up as
 * their owner, with a search path that nobody else decides.
 */
const tables = [
  'CREATE SCHEMA IF NOT EXISTS crossfade',
  `CREATE TABLE IF NOT EXISTS crossfade.store_outbox (place text NOT NULL,
    counter bigint GENERATED ALWAYS AS IDENTITY, collection text NOT NULL,
    key text[] COLLATE "C" NOT NULL, PRIMARY KEY (place, counter))
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`,
  // The counter begins at the time of day: who has seen an entry of an outbox that was dropped clears none of this one.
  `SELECT setval('crossfade.store_outbox_counter_seq', greatest(last_value,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint)) FROM crossfade.store_outbox_counter_seq`,
  // By a hash, because keys may be as long as an index takes them.
  'CREATE INDEX IF NOT EXISTS store_outbox_key ON crossfade.store_outbox (place, collection, hash_array_extended(key, 0), counter)',
  `CREATE TABLE IF NOT EXISTS crossfade.store_capture (place text NOT NULL, collection text NOT NULL,
    relation oid NOT NULL, fingerprint text NOT NULL, PRIMARY KEY (place, collection))`,
  `CREATE TABLE IF NOT EXISTS crossfade.store_fence (place text NOT NULL, collection text NOT NULL, epoch bigint,
    is_set boolean NOT NULL, PRIMARY KEY (place, collection))`,
  `CREATE TABLE IF NOT EXISTS crossfade.store_mirror (place text NOT NULL, collection text NOT NULL,
    epoch bigint NOT NULL, PRIMARY KEY (place, collection))`,
  `CREATE TABLE IF NOT EXISTS crossfade.store_guard (place text NOT NULL, collection text NOT NULL, key bytea NOT NULL,
    epoch bigint NOT NULL, version bigint NOT NULL, PRIMARY KEY (place, collection, key))`,
];

/** What other programs read when they are refused. */
const fencedSentence = 'crossfade: the lead passes to another store, and nothing may be written here';

/**
 * Its arguments are the place and the collection. Writers of a place share the lock until they end, and who turns a fence
 * there has it alone: that is a fair queue. The row is locked
 * besides, because a transaction that sees an older state would read it unturned: so it fails with 40001. So does one
 * whose state is older than the row, which stands since the triggers do.
 */
const fence = `CREATE OR REPLACE FUNCTION crossfade.store_fenced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS ${literal(`DECLARE
  fenced boolean;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('crossfade:store:' || TG_ARGV[0], 0));
  SELECT is_set INTO fenced FROM crossfade.store_fence WHERE place = TG_ARGV[0] AND collection = TG_ARGV[1] FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'crossfade: the transaction is older than the fence of its tables; try again';
  ELSIF fenced THEN
    RAISE EXCEPTION USING ERRCODE = 'CF001', MESSAGE = ${literal(fencedSentence)}, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
  END IF;
  RETURN NULL;
END`)}`;

/** The lock of whoever turns a fence. */
export const turnLock = "SELECT pg_advisory_xact_lock(hashtextextended('crossfade:store:' || $1::text, 0))";

/** Any number that nobody else is likely to lock: those who make objects come one after the other. */
const oneAtATime = 'SELECT pg_advisory_xact_lock(7163245089761326)';

/** Makes what is missing, within the transaction of the caller, and nobody else makes or drops any until its end. */
export async function makeObjects(client: pg.Client): Promise<void> {
  await run(client, oneAtATime);
  await refuseForeign(client, ['store_']);
  const { rows } = await run(client, "SELECT to_regproc('crossfade.store_fenced')");
  if (rows[0][0] !== null) return;
  await runAll(client, [...tables, fence, 'REVOKE ALL ON FUNCTION crossfade.store_fenced() FROM PUBLIC']);
}

/** Owners of what has names that begin so, but for those who are as mighty as we are, or whose member we are. */
const foreignOwners = `SELECT DISTINCT o.rolname FROM (
    SELECT nspowner AS owner FROM pg_namespace WHERE nspname = 'crossfade'
    UNION ALL SELECT named.owner FROM (
      SELECT pronamespace AS namespace, proname AS name, proowner AS owner FROM pg_proc
      UNION ALL SELECT relnamespace, relname, relowner FROM pg_class) AS named
      JOIN pg_namespace n ON n.oid = named.namespace
      WHERE n.nspname = 'crossfade' AND EXISTS (SELECT FROM unnest($1::text[]) AS own (prefix) WHERE starts_with(named.name::text, own.prefix))) AS found
  JOIN pg_roles o ON o.oid = found.owner JOIN pg_roles me ON me.rolname = current_user
  WHERE NOT (o.oid = me.oid OR o.rolsuper OR (NOT me.rolsuper AND pg_has_role(me.oid, o.oid, 'MEMBER')))`;

/**
 * What somebody else has made under our names would run within our writes, with our rights, and may stop nothing.
 *
 * @param prefixes what the names of objects in the schema crossfade begin with
 * @throws CrossfadeError E_TARGET_RIGHTS
 */
export async function refuseForeign(client: pg.Client, prefixes: readonly string[]): Promise<void> {
  const { rows } = await run(client, foreignOwners, [prefixes]);
  if (rows.length === 0) return;
  const owners = rows.map(([owner]) => owner).join(', ');
  throw new CrossfadeError(
    'E_TARGET_RIGHTS',
    `The schema crossfade, or something in it, belongs to ${owners}, whom this role cannot trust with its writes. Nothing was done. Let its owner be a role of the store, or drop it.`,
    { owners },
  );
}

/** A trigger of ours. */
export interface Trigger {
  readonly name: string;
  /** `AFTER INSERT OR DELETE`. */
  readonly fires: string;
  readonly each: 'ROW' | 'STATEMENT';
  /** The function with its arguments, quoted. */
  readonly calls: string;
  /** In which sessions: in all, or where session_replication_role silences ordinary triggers. */
  readonly where: 'ALWAYS' | 'REPLICA';
}

/** Makes a trigger anew that keeps still for appliers alone. @param relation quoted */
export function makeTrigger(trigger: Trigger, relation: string): string[] {
  const { name, fires, each, calls } = trigger;
  return [
    `DROP TRIGGER IF EXISTS ${name} ON ${relation}`,
    `CREATE TRIGGER ${name} ${fires} ON ${relation} FOR EACH ${each} WHEN (${isStranger}) EXECUTE FUNCTION ${calls}`,
    enableTrigger(trigger, relation),
  ];
}

/** Needed for each partition too, since it is not handed down by every server. @param relation quoted */
export function enableTrigger({ name, where }: Pick<Trigger, 'name' | 'where'>, relation: string): string {
  return `ALTER TABLE ${relation} ENABLE ${where} TRIGGER ${name}`;
}
