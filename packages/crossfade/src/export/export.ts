import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect, query, transaction } from '../pg/connect.ts';
import { join, name, qualified, type Sql, sql } from '../pg/sql.ts';
import type { Target } from '../pg/target.ts';
import { readSchema } from './catalog.ts';
import { type Copier, copierOf } from './copier.ts';
import { RowSum, sumKey } from './digest.ts';
import type { ExportedTable, ExportReport } from './exported.ts';
import type { PgColumn, PgSchema, PgTable } from './pg-table.ts';
import { discard, type Place, placeOf, publish, refuseTaken, unfinished } from './place.ts';
import { copyRows } from './rows.ts';

/** What an export can be told. */
export interface ExportOptions {
  /** The server and database that are copied. */
  readonly from: Target;
  /** `sqlite:FILE`, `files:FOLDER` or `json:FILE`; nothing may stand there. */
  readonly to: string;
  /** Default `public`. */
  readonly schema?: string;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly onProgress?: (progress: {
    readonly phase: 'copy' | 'verify';
    readonly table: string;
    readonly rows: number;
  }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a schema of PostgreSQL into the old form, in one snapshot, and compares every value of it before the copy gets
 * its name: a copy that is there is whole. Nothing is ever replaced, and the database is only read.
 *
 * @throws CrossfadeError E_USAGE, E_EXPORT_UNWRITABLE, E_EXPORT_UNEQUAL, E_ROW_INVALID, E_INTERRUPTED, the E_TARGET_ errors of the server
 */
export async function exportSchema(options: ExportOptions): Promise<ExportReport> {
  const place = placeOf(options.to);
  refuseTaken(place);
  try {
    return await madeAt(place, options);
  } catch (error) {
    // Whatever went wrong then, the connection was told to break, and calls it a loss.
    throw options.signal?.aborted === true ? interruption() : error;
  }
}

function interruption(): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    'The export was interrupted. No copy was left, and the database is as it was. Run the same command again.',
  );
}

async function madeAt(place: Place, options: ExportOptions): Promise<ExportReport> {
  const partial = unfinished(place);
  const client = await connect(options.from, {
    access: 'read',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    for (;;) {
      const locked = await transaction(client, () => chosenTables(client, options), 'read');
      const report = await transaction(client, () => copied(client, place, partial, { ...options, locked }), 'read');
      if (report === null) continue;
      publish(partial, place);
      return report;
    }
  } finally {
    discard(partial);
    await disconnect(client);
  }
}

async function chosenTables(client: pg.Client, options: ExportOptions): Promise<readonly PgTable[]> {
  const schema = options.schema ?? 'public';
  return choose(await readSchema(client, schema), schema, options).tables;
}

/**
 * Null when the tables are others than those that were to be locked. The locks come before the snapshot: a table that
 * somebody rewrites or empties in between would be empty in it, for the copy and for the proof.
 */
async function copied(
  client: pg.Client,
  place: Place,
  partial: string,
  options: ExportOptions & { readonly locked: readonly PgTable[] },
): Promise<ExportReport | null> {
  const schema = options.schema ?? 'public';
  await query(client, settings, 'set up the transaction');
  const names = options.locked.map((table) => qualified(schema, table.name));
  await query(client, sql`LOCK TABLE ${join(names)} IN ACCESS SHARE MODE`, 'keep the tables as they are');
  const read = choose(await readSchema(client, schema), schema, options);
  const isLocked = (table: PgTable): boolean => options.locked.some(({ oid }) => oid === table.oid);
  if (!read.tables.every(isLocked)) return null;
  const chosen = { ...read, tables: await withOddValues(client, schema, read.tables) };
  const copier = copierOf(place, partial, chosen.tables);
  const counts = new Map<string, number>();
  try {
    for (const table of copier.order) {
      const take = copier.rows(table);
      let rows = 0;
      await copyRows(client, plainRows(schema, table, copier.orderBy(table)), (row) => {
        take(row);
        rows++;
        options.onProgress?.({ phase: 'copy', table: table.name, rows });
      });
      counts.set(table.name, rows);
      copier.end(table);
    }
    copier.finish();
  } finally {
    copier.close();
  }
  for (const table of chosen.tables) {
    await compare(client, schema, table, copier, counts.get(table.name) as number, place);
    options.onProgress?.({ phase: 'verify', table: table.name, rows: counts.get(table.name) as number });
  }
  const tables = chosen.tables.map((table): ExportedTable => {
    const rows = counts.get(table.name) as number;
    return { source: table.name, target: copier.nameOf(table), rows, verified: rows, columns: copier.columnsOf(table) };
  });
  return {
    verdict: 'equal',
    exitCode: 0,
    source: options.from.display,
    target: place.display,
    schema,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    tables,
    notTranslated: copier.notTranslated,
    notMoved: chosen.notMoved,
    warnings: [...copier.warnings, ...(options.from.warnings ?? [])],
    error: null,
  };
}

/** Every value has one text, whatever the role prefers; and a policy that hides rows is an error rather than a loss. */
const settings = sql`SET LOCAL TimeZone TO 'UTC'; SET LOCAL DateStyle TO 'ISO, YMD'; SET LOCAL IntervalStyle TO 'postgres';
  SET LOCAL extra_float_digits TO 1; SET LOCAL bytea_output TO 'hex'; SET LOCAL row_security TO off`;

function choose(schema: PgSchema, schemaName: string, { only = [], except = [] }: ExportOptions): PgSchema {
  const known = schema.tables.map((table) => table.name);
  const unknown = [...only, ...except].find((each) => !known.includes(each));
  if (unknown !== undefined)
    throw new CrossfadeError(
      'E_USAGE',
      `The schema ${schemaName} has no table ${JSON.stringify(unknown)}. Nothing was done. Tables: ${known.join(', ')}.`,
      { table: unknown },
    );
  const isChosen = (table: string): boolean => (only.length === 0 || only.includes(table)) && !except.includes(table);
  const isEmpty = (table: PgTable): boolean => table.columns.length === 0;
  const out = schema.tables.filter((table) => !isChosen(table.name) || isEmpty(table));
  const tables = schema.tables.filter((table) => !out.includes(table));
  if (tables.length === 0)
    throw new CrossfadeError(
      'E_USAGE',
      `The schema ${schemaName} has no table to copy. Nothing was done. Name another one with --schema.`,
      { schema: schemaName },
    );
  const left = out.map((table) => ({
    kind: 'table',
    name: table.name,
    why: isChosen(table.name) ? 'it has no columns' : 'left out by --only or --except',
  }));
  return { tables, notMoved: [...schema.notMoved, ...left] };
}

/** What a value is that its form cannot tell, and what the type is called where there is one. */
const odd: Readonly<Record<string, { readonly type: string; readonly is: (value: Sql) => Sql }>> = {
  // A column that SQLite knows for a double has no negative zero, so it is declared as nothing.
  float4: { type: 'signed float4', is: (value) => sql`${value} = 0 AND ${value}::text = '-0'` },
  float8: { type: 'signed float8', is: (value) => sql`${value} = 0 AND ${value}::text = '-0'` },
  // Where the declaration promises digits, a move would refuse other text.
  numeric: { type: 'unbounded numeric', is: (value) => sql`${value}::text IN ('NaN', 'Infinity', '-Infinity')` },
};

async function withOddValues(client: pg.Client, schema: string, tables: readonly PgTable[]): Promise<PgTable[]> {
  const found: PgTable[] = [];
  for (const table of tables) {
    const tests = table.columns.flatMap(({ type, name: column }) =>
      Object.hasOwn(odd, type) ? [sql`pg_catalog.bool_or(${odd[type].is(name(column))}) IS TRUE`] : [],
    );
    const { rows } =
      tests.length === 0
        ? { rows: [] }
        : await query<{ odd: string }>(
            client,
            sql`SELECT pg_catalog.to_json(ARRAY[${join(tests)}])::text AS odd ${fromTable(schema, table)}`,
            'look for values that no form of their type holds',
          );
    const are = rows.length === 0 ? [] : (JSON.parse(rows[0].odd) as boolean[]);
    const columns = table.columns.map((column) =>
      Object.hasOwn(odd, column.type) && are.shift() === true ? { ...column, type: odd[column.type].type } : column,
    );
    found.push({ ...table, columns });
  }
  return found;
}

/** ONLY, because tables that inherit are copied by themselves; a partitioned one has its rows nowhere else. */
function fromTable(schema: string, { name: table, partitioned }: PgTable): Sql {
  return partitioned ? sql`FROM ${qualified(schema, table)}` : sql`FROM ONLY ${qualified(schema, table)}`;
}

function plainRows(schema: string, table: PgTable, order: Sql): Sql {
  return sql`SELECT ${join(table.columns.map((column) => name(column.name)))} ${fromTable(schema, table)} ${order}`;
}

/** IS NOT NULL would say no of a composite value with a NULL in it. */
function proofOf(copier: Copier, column: PgColumn): Sql {
  const value = name(column.name);
  return sql`CASE WHEN ${value} IS DISTINCT FROM NULL THEN ${copier.proof(column, value)} END`;
}

/** Both sides once more: PostgreSQL says by itself what each value has to be, and the copy is read from its file. */
async function compare(
  client: pg.Client,
  schema: string,
  table: PgTable,
  copier: Copier,
  rows: number,
  place: Place,
): Promise<void> {
  const key = sumKey();
  const [wanted, found] = [new RowSum(key), new RowSum(key)];
  const proofs = table.columns.map((column) => proofOf(copier, column));
  await copyRows(client, sql`SELECT ${join(proofs)} ${fromTable(schema, table)}`, (row) =>
    wanted.add(copier.spelled(table, row)),
  );
  await copier.sum(table, found);
  if (wanted.equals(found) && wanted.rows === rows) return;
  throw new CrossfadeError(
    'E_EXPORT_UNEQUAL',
    `The copy of ${table.name} in ${place.display} is not equal to it: ${found.rows} rows were read back, and the table has ${wanted.rows}. No copy was left there, and the database is as it was. Check the disk, and please report it with the command that you ran.`,
    { table: table.name, rows: wanted.rows, found: found.rows },
  );
}
