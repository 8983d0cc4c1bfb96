import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query, snapshot } from '../pg/connect.ts';
import { type Sql, ident, join, name, sql, trusted } from '../pg/sql.ts';
import { type FoundState, type State, parseState, stateQueries } from './state.ts';
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

type Part = keyof typeof tableNames;

const every: ReadonlySet<Part> = new Set(['version', 'lease', 'history']);

/**
 * Everything in one round trip; null when the tables are not there yet.
 *
 * @param detailed whether {@link RanDetail} is asked for, which only a person wants to know
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

const about = sql`SELECT pg_catalog.current_database() AS database, current_user AS role,
  pg_catalog.current_setting('server_version_num') AS "serverVersion",
  pg_catalog.current_setting('client_connection_check_interval') AS "checkInterval"`;

async function read(
  client: pg.Client,
  tables: Tables,
  present: ReadonlySet<Part>,
  detailed: boolean,
): Promise<History> {
  const queries: Readonly<Record<Part, Sql>> = {
    version: stateQueries.version(tables),
    lease: stateQueries.lease(tables),
    history: rowsQuery(tables, detailed),
  };
  const parts = [...present];
  const results = await snapshot(
    client,
    [about, ...parts.map((part) => queries[part])],
    'read which migrations have run',
  );
  const found = Object.fromEntries(parts.map((part, i) => [part, results[i + 1]])) as Partial<FoundState> & {
    history?: pg.QueryResult<Row>;
  };
  const server = results[0]?.rows[0] as Record<'database' | 'role' | 'serverVersion' | 'checkInterval', string>;
  return {
    ...standingOf(parseState({ version: found.version, lease: found.lease }), inOrder(found.history?.rows ?? [])),
    ...server,
    serverVersion: Number(server.serverVersion),
  };
}

/** A row of the history; the last three only where details are asked for. */
type Row = Record<'id' | 'version' | 'name' | 'direction', string> &
  Record<'sha256' | 'result', string | null> &
  Record<'at' | 'by' | 'durationMs', string | undefined>;

/**
 * Plain rows, for the same reason as {@link stateQueries}: as they lie there, since a new session looks long for a way to
 * order them. What they mean together is worked out here.
 */
function rowsQuery({ history }: Tables, detailed: boolean): Sql {
  const details = detailed
    ? trusted(`, pg_catalog.to_json(h.applied_at) #>> '{}' AS at, h.applied_by AS by, h.duration_ms AS "durationMs"`)
    : trusted('');
  return sql`SELECT h.id, h.version, h.name, h.direction, h.sha256, h.result${details} FROM ${history} h`;
}

/** As it happened. */
function inOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Number(a.id) - Number(b.id));
}

/** What the rows say of a state, read from both ends. */
function standingOf(state: State, rows: readonly Row[]): State & Pick<History, 'ran' | 'vouched' | 'moved'> {
  const { vouched, newest } = vouchedFor(rows);
  const last = rows.at(-1);
  const moved =
    state.version !== null && !state.dirty && (last === undefined || bigOrNull(last.result) !== state.version);
  // Dirty without a lease is another tool's too, though nothing is taken over before somebody has repaired it.
  const isOthers = moved || (state.dirty && state.lease === null);
  return {
    ...state,
    ran: lastOfEach(rows),
    vouched: isOthers && state.version !== null ? [...vouched, { above: newest, upTo: state.version }] : vouched,
    moved,
  };
}

function vouchedFor(rows: readonly Row[]): { vouched: History['vouched'][number][]; newest: bigint | null } {
  const vouched: History['vouched'][number][] = [];
  let newest: bigint | null = null;
  for (const { version: text, direction } of rows) {
    const version = BigInt(text);
    if (direction === 'up') newest = newest === null || version > newest ? version : newest;
    else if (direction !== 'down') vouched.push({ above: newest, upTo: version });
  }
  return { vouched, newest };
}

/** From the newest row back, with the lowest version that the database has been at since. */
function lastOfEach(rows: readonly Row[]): Map<bigint, Ran> {
  const ran = new Map<bigint, Ran>();
  let lowest: bigint | null = null;
  for (const row of rows.toReversed()) {
    const version = BigInt(row.version);
    const result = BigInt(row.result ?? -1);
    lowest = lowest === null || result < lowest ? result : lowest;
    if (ran.has(version)) continue;
    const { name: label, sha256, at, by, durationMs } = row;
    const detail = at === undefined || by === undefined ? null : { at, by, durationMs: Number(durationMs) };
    const direction = row.direction as Ran['direction'];
    ran.set(version, { version, name: label, direction, sha256, stands: lowest >= version, detail });
  }
  return ran;
}

function bigOrNull(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
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
