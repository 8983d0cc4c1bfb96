import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { type Sql, ident, join, name, sql, trusted } from '../pg/sql.ts';
import { type Tables, tableNames } from './tables.ts';

/** The last thing that was done with a version. */
export interface Ran {
  readonly version: bigint;
  readonly name: string;
  readonly direction: 'up' | 'down' | 'force' | 'adopt';
  /** Of the up file as it was then; null where nobody knows. */
  readonly sha256: string | null;
  /** Whether the database has been at its version or above ever since. */
  readonly stands: boolean;
  readonly detail: RanDetail | null;
}

/** Of {@link Ran}, what only a person wants to know. */
export interface RanDetail {
  /** By the server's clock, ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly durationMs: number;
}

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

/** The same with all that happened before. */
export interface History extends State {
  readonly ran: ReadonlyMap<bigint, Ran>;
  /**
   * Versions that count as applied, though nobody saw them run: another tool did it, or a person said so. What lies at
   * or below a version that had run by then is not vouched for: its file was not there yet.
   */
  readonly vouched: readonly { readonly above: bigint | null; readonly upTo: bigint }[];
  /** Somebody else has moved the version since our last row. */
  readonly moved: boolean;
  readonly database: string;
  readonly serverVersion: number;
  /** The role, as the server knows it. */
  readonly role: string;
  readonly checkInterval: string;
}

interface Found {
  versions: { version: string | null; dirty: boolean | string | null }[] | null;
  lease: (Omit<Lease, 'version'> & { version: string })[] | null;
}

interface FoundHistory extends Found {
  ran:
    | [
        version: string,
        name: string,
        direction: Ran['direction'],
        sha256: string | null,
        stands: boolean,
        detail: RanDetail | null,
      ][]
    | null;
  last: { result: string | null } | null;
  vouched: [above: string | null, upTo: string][] | null;
  newest: string | null;
  database: string;
  serverVersion: string;
  role: string;
  checkInterval: string;
}

type Part = keyof typeof tableNames;

const every: ReadonlySet<Part> = new Set(['version', 'history', 'lease']);

/**
 * Everything in one round trip; null when the tables are not there yet.
 *
 * @param detailed whether {@link RanDetail} is asked for: with a thousand migrations it takes as long as all the rest
 */
export async function readHistory(client: pg.Client, tables: Tables, detailed = false): Promise<History | null> {
  try {
    return await read(client, tables, every, detailed);
  } catch (error) {
    // Undefined table, or a schema that does not exist.
    if (['42P01', '3F000'].includes(String((error as CrossfadeError).facts?.sqlstate))) return null;
    throw explained(error, tables);
  }
}

/** As {@link readHistory} with the tables that there are: for looking at a database that is to stay as it is. */
export async function readWhatIsThere(client: pg.Client, tables: Tables): Promise<History> {
  const { rows } = await query<Record<Part, string>>(
    client,
    sql`SELECT ${join(
      [...every].map(
        (part) =>
          sql`pg_catalog.to_regclass(${`${ident(tables.schema)}.${tableNames[part]}`}::text) IS NOT NULL AS ${name(part)}`,
      ),
    )}`,
    'look for the tables of migrations',
  );
  const present = new Set([...every].filter((part) => rows[0]?.[part] === 't'));
  return read(client, tables, present, true).catch((error: unknown) => {
    throw explained(error, tables);
  });
}

/** The row of the version and the lease, to be sent within a transaction that holds the lock. */
export function stateQuery(tables: Tables): Sql {
  return sql`SELECT pg_catalog.json_build_object(${stateFields(tables, every)}) AS state`;
}

/** What {@link stateQuery} brought. */
export function parseState(row: { state?: string | null } | undefined): State {
  return toState(JSON.parse(row?.state ?? 'null') as Found);
}

async function read(
  client: pg.Client,
  tables: Tables,
  present: ReadonlySet<Part>,
  detailed: boolean,
): Promise<History> {
  const { rows } = await query<{ state: string }>(
    client,
    sql`SELECT pg_catalog.json_build_object(${stateFields(tables, present)}, ${historyFields(tables, present, detailed)}) AS state`,
    'read which migrations have run',
  );
  const found = JSON.parse(rows[0]?.state ?? 'null') as FoundHistory;
  const state = toState(found);
  const last = found.last === null || found.last.result === null ? null : BigInt(found.last.result);
  const moved = state.version !== null && !state.dirty && (found.last === null || last !== state.version);
  // Dirty without a lease is another tool's too, though nothing is taken over before somebody has repaired it.
  const isOthers = moved || (state.dirty && state.lease === null);
  const big = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
  const vouched = (found.vouched ?? []).map(([above, upTo]) => ({ above: big(above), upTo: BigInt(upTo) }));
  return {
    ...state,
    ran: new Map(
      (found.ran ?? []).map(([text, label, direction, sha256, stands, detail]) => {
        const version = BigInt(text);
        return [version, { version, name: label, direction, sha256, stands, detail }];
      }),
    ),
    vouched:
      isOthers && state.version !== null ? [...vouched, { above: big(found.newest), upTo: state.version }] : vouched,
    moved,
    database: found.database,
    serverVersion: Number(found.serverVersion),
    role: found.role,
    checkInterval: found.checkInterval,
  };
}

function stateFields(tables: Tables, present: ReadonlySet<Part>): Sql {
  const rows = (part: Part, select: Sql): Sql => (present.has(part) ? sql`(${select})` : sql`NULL::pg_catalog.json`);
  return sql`
    'versions', ${rows('version', sql`SELECT pg_catalog.json_agg(pg_catalog.json_build_object('version', v.version::text, 'dirty', v.dirty)) FROM ${tables.version} v`)},
    'lease', ${rows(
      'lease',
      sql`SELECT pg_catalog.json_agg(pg_catalog.json_build_object('holder', l.holder, 'version', l.version::text, 'name', l.name,
        'direction', l.direction, 'statement', l.statement, 'statements', l.statements, 'line', l.line, 'sqlstate', l.sqlstate,
        'leftMs', GREATEST(0, pg_catalog.ceil(EXTRACT(EPOCH FROM l.expires_at - pg_catalog.clock_timestamp()) * 1000)))) FROM ${tables.lease} l`,
    )}`;
}

function historyFields(tables: Tables, present: ReadonlySet<Part>, detailed: boolean): Sql {
  const part = (select: Sql, type: 'json' | 'text'): Sql =>
    present.has('history') ? sql`(${select})` : sql`NULL::${trusted(type)}`;
  return sql`
    'ran', ${part(
      sql`SELECT pg_catalog.json_agg(pg_catalog.json_build_array(r.version::text, r.name, r.direction, r.sha256, r.lowest >= r.version, ${
        detailed
          ? sql`pg_catalog.json_build_object('at', r.applied_at, 'by', r.applied_by, 'durationMs', r.duration_ms)`
          : sql`NULL`
      })) FROM (SELECT DISTINCT ON (version) * FROM
          (SELECT *, pg_catalog.min(COALESCE(result, -1)) OVER (ORDER BY id DESC) AS lowest FROM ${tables.history}) h ORDER BY version, id DESC) r`,
      'json',
    )},
    'last', ${part(sql`SELECT pg_catalog.json_build_object('result', h.result::text) FROM ${tables.history} h ORDER BY h.id DESC LIMIT 1`, 'json')},
    'vouched', ${part(
      sql`SELECT pg_catalog.json_agg(pg_catalog.json_build_array((SELECT pg_catalog.max(e.version)::text FROM ${tables.history} e WHERE e.direction = 'up' AND e.id < h.id), h.version::text))
        FROM ${tables.history} h WHERE h.direction IN ('adopt', 'force')`,
      'json',
    )},
    'newest', ${part(sql`SELECT pg_catalog.max(h.version)::text FROM ${tables.history} h WHERE h.direction = 'up'`, 'text')},
    'database', pg_catalog.current_database(),
    'serverVersion', pg_catalog.current_setting('server_version_num'),
    'role', current_user,
    'checkInterval', pg_catalog.current_setting('client_connection_check_interval')`;
}

function toState({ versions, lease }: Found): State {
  const rows = versions ?? [];
  if (rows.length > 1)
    throw new CrossfadeError(
      'E_MIGRATION_STATE',
      `The table ${tableNames.version} holds ${rows.length} rows, where golang-migrate and Crossfade keep one. Nothing was run. Look which tool wrote it; leave the row of the version that the schema has.`,
      { rows: rows.length },
    );
  const [row] = rows;
  const version = row?.version ?? '';
  const dirty = row?.dirty ?? false;
  if (row !== undefined && (!/^-?\d+$/.test(version) || typeof row.dirty !== 'boolean'))
    throw new CrossfadeError(
      'E_MIGRATION_STATE',
      `The row of the table ${tableNames.version} is not a number and true or false, as golang-migrate and Crossfade keep it. Nothing was run. Look which tool wrote it.`,
    );
  const held = lease?.[0];
  // golang-migrate's word for none is -1; clean, it is no row at all.
  const isNone = row === undefined || (version === '-1' && dirty === false);
  return {
    version: isNone ? null : BigInt(version),
    dirty: dirty === true,
    lease: held === undefined ? null : { ...held, version: BigInt(held.version) },
  };
}

/** A table of the name with other columns is another tool's: Rails, dbmate and others call theirs the same. */
function explained(error: unknown, tables: Tables): unknown {
  if (!(error instanceof CrossfadeError) || error.facts.sqlstate !== '42703') return error;
  return new CrossfadeError(
    'E_MIGRATION_STATE',
    `A table ${tableNames.version} stands in the schema "${tables.schema}" without the columns version and dirty: it is another tool's. Nothing was run. Use another --schema, or rename that table.`,
    { schema: tables.schema },
  );
}
