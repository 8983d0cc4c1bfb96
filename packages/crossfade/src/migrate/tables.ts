import { crc32 } from 'node:zlib';
import { type Sql, name, qualified, sql } from '../pg/sql.ts';

/** The three tables of a schema. */
export interface Tables {
  readonly schema: string;
  /** golang-migrate's: one row, none before the first migration and after going down to nothing. */
  readonly version: Sql;
  /** Ours: one row for everything that was done, never changed or removed. */
  readonly history: Sql;
  /** Ours: the run without a transaction that is going on, or that stopped in the middle. */
  readonly lease: Sql;
}

/** Their names, by what they are. */
export const tableNames = {
  version: 'schema_migrations',
  history: 'crossfade_migrations',
  lease: 'crossfade_migration_lease',
} as const;

/** The tables of a schema, quoted. */
export function tablesIn(schema: string): Tables {
  return {
    schema,
    version: qualified(schema, tableNames.version),
    history: qualified(schema, tableNames.history),
    lease: qualified(schema, tableNames.lease),
  };
}

/**
 * What makes them. The first is word for word what golang-migrate makes, so that either tool goes on where the other
 * has stopped. `result` is the version afterwards, null for none: it tells whether somebody else has moved it since.
 */
export function createTables(tables: Tables): Sql[] {
  return [
    sql`CREATE TABLE IF NOT EXISTS ${tables.version} (version bigint not null primary key, dirty boolean not null)`,
    sql`CREATE TABLE IF NOT EXISTS ${tables.history} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      version bigint NOT NULL,
      name text NOT NULL,
      direction text NOT NULL CHECK (direction IN ('up', 'down', 'force', 'adopt')),
      sha256 text,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      duration_ms bigint NOT NULL,
      applied_by text NOT NULL,
      statements integer NOT NULL,
      result bigint)`,
    sql`CREATE INDEX IF NOT EXISTS crossfade_migrations_version ON ${tables.history} (version, id)`,
    sql`CREATE TABLE IF NOT EXISTS ${tables.lease} (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      owner uuid NOT NULL,
      holder text NOT NULL,
      expires_at timestamptz NOT NULL,
      version bigint NOT NULL,
      name text NOT NULL,
      direction text NOT NULL,
      statement integer NOT NULL,
      statements integer NOT NULL,
      line integer NOT NULL,
      sqlstate text)`,
  ];
}

/** The schema, for a role that may make it; asked only when it is missing, since IF NOT EXISTS wants the right too. */
export function createSchema(schema: string): Sql {
  return sql`CREATE SCHEMA IF NOT EXISTS ${name(schema)}`;
}

/** The key that golang-migrate takes for its session lock on the same table, so that the two tools never run at once. */
export function lockKey(database: string, schema: string): bigint {
  return lockId([schema, tableNames.version, database]);
}

/**
 * golang-migrate's number for a lock.
 *
 * @see https://github.com/golang-migrate/migrate/blob/master/database/util.go
 */
export function lockId(names: readonly string[]): bigint {
  const salt = 1_486_364_155;
  return BigInt(Math.imul(crc32(names.join('\0')), salt) >>> 0);
}
