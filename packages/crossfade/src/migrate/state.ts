import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { type Sql, sql } from '../pg/sql.ts';
import { type Tables, tableNames } from './tables.ts';

/** A run without a transaction that is going on, or that stopped in the middle. */
export interface Lease {
  readonly holder: string;
  readonly version: bigint;
  readonly name: string;
  readonly direction: 'up' | 'down';
  /** Counted from 1; 0 before the first. */
  readonly statement: number;
  readonly statements: number;
  readonly line: number;
  /** Null unless a statement was refused: the run may have been killed. */
  readonly sqlstate: string | null;
  /** Until its lease expires by the server's clock; 0 when it has. */
  readonly leftMs: number;
}

/** Where a database stands. */
export interface State {
  /** Null before the first migration, -1 when going down to nothing stopped in the middle, as golang-migrate says. */
  readonly version: bigint | null;
  readonly dirty: boolean;
  readonly lease: Lease | null;
}

/** PostgreSQL's number for the type boolean. */
const booleanType = 16;

/**
 * What reads where a database stands. Plain rows without a function or a cast: each that a new session of the server
 * meets has to be looked up, which costs a start more than the rows.
 */
export const stateQueries: Readonly<Record<'version' | 'lease', (tables: Tables) => Sql>> = {
  version: ({ version }) => sql`SELECT v.version, v.dirty FROM ${version} v`,
  lease: ({
    lease,
  }) => sql`SELECT l.holder, l.version, l.name, l.direction, l.statement, l.statements, l.line, l.sqlstate,
    EXTRACT(EPOCH FROM l.expires_at - pg_catalog.clock_timestamp()) AS "leftSeconds" FROM ${lease} l`,
};

/** What {@link stateQueries} brought; undefined for a table that is not there. */
export type FoundState = { readonly [P in 'version' | 'lease']: pg.QueryResult | undefined };

/** @throws CrossfadeError E_MIGRATION_STATE for a version that is another tool's */
export function parseState({ version, lease }: FoundState): State {
  return { ...parseVersion(version), lease: parseLease(lease) };
}

function parseVersion(found: pg.QueryResult | undefined): Pick<State, 'version' | 'dirty'> {
  const rows = (found?.rows ?? []) as { version: string | null; dirty: string | null }[];
  if (rows.length > 1)
    throw new CrossfadeError(
      'E_MIGRATION_STATE',
      `The table ${tableNames.version} holds ${rows.length} rows, where golang-migrate and Crossfade keep one. Nothing was run. Look which tool wrote it; leave the row of the version that the schema has.`,
      { rows: rows.length },
    );
  const [row] = rows;
  if (row === undefined) return { version: null, dirty: false };
  const isBoolean = row.dirty !== null && found?.fields[1]?.dataTypeID === booleanType;
  if (!isBoolean || !/^-?\d+$/.test(row.version ?? ''))
    throw new CrossfadeError(
      'E_MIGRATION_STATE',
      `The row of the table ${tableNames.version} is not a number and true or false, as golang-migrate and Crossfade keep it. Nothing was run. Look which tool wrote it.`,
    );
  const dirty = row.dirty === 't';
  // golang-migrate's word for none is -1; clean, it is no row at all.
  return { version: row.version === '-1' && !dirty ? null : BigInt(row.version ?? ''), dirty };
}

function parseLease(found: pg.QueryResult | undefined): Lease | null {
  const [row] = (found?.rows ?? []) as Record<string, string>[];
  if (row === undefined) return null;
  return {
    holder: row.holder,
    version: BigInt(row.version),
    name: row.name,
    direction: row.direction as Lease['direction'],
    statement: Number(row.statement),
    statements: Number(row.statements),
    line: Number(row.line),
    sqlstate: row.sqlstate,
    leftMs: Math.max(0, Math.ceil(Number(row.leftSeconds) * 1000)),
  };
}
