import { availableParallelism } from 'node:os';
import type { ExitCode } from '../core/errors.ts';
import type pg from 'pg';
import type { ReadRange } from '../drivers/sqlite/reader.ts';
import { connect, disconnect } from '../pg/connect.ts';
import { nameColumns, nameTables } from '../schema/design.ts';
import type { SourceTable } from '../schema/model.ts';
import { differenceReport } from './build-report.ts';
import { type Comparison, compareTables } from './compare.ts';
import type { MoveOptions } from './options.ts';
import { readPlan } from './plan-file.ts';
import { tableWishes } from './prepare.ts';
import { overRanges } from './profile.ts';
import type { DifferenceReport } from './report.ts';
import { keyPositions } from './run.ts';
import { openSource, type OpenSource, selectTables } from './source.ts';
import { type ExistingTable, readTargetSchema } from './target-tables.ts';
import { parseRules } from '../schema/rules.ts';

/** Which source, which target, and how the names of one become those of the other. */
export type VerifyOptions = Pick<
  MoveOptions,
  'source' | 'target' | 'schema' | 'names' | 'only' | 'except' | 'rules' | 'plan' | 'jobs' | 'showValues' | 'onProgress'
>;

/** What a comparison found; verdict and exit status always agree. */
export interface VerifyReport {
  readonly verdict: 'equal' | 'different';
  readonly exitCode: ExitCode;
  readonly source: string;
  readonly target: string;
  readonly schema: string;
  readonly tables: readonly VerifiedTable[];
  /** The first of the rows that differ, by key. */
  readonly differences: readonly DifferenceReport[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What the comparison of one table found. */
export interface VerifiedTable {
  readonly source: string;
  readonly target: string;
  readonly rows: number;
  /** Rows that differ; at least so many when `exact` is false. */
  readonly different: number;
  readonly exact: boolean;
  /** Why the table could not be compared row by row, or null. */
  readonly missing: string | null;
}

/** Compares a source with tables that stand in PostgreSQL, every value, whoever has put them there. Writes nothing. */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const client = await connect(options.target, { access: 'read' });
  try {
    const source = await openSource(options.source, options.jobs ?? availableParallelism(), options.target);
    try {
      return await verifyOpen(client, source, options, options.schema ?? 'public');
    } finally {
      await source.close();
    }
  } finally {
    await disconnect(client);
  }
}

async function verifyOpen(
  client: pg.Client,
  source: OpenSource,
  options: VerifyOptions,
  schema: string,
): Promise<VerifyReport> {
  const plan = options.plan === undefined ? null : readPlan(options.plan, source.catalog.tables);
  const { tables } = selectTables(source.catalog, options.only, [...(options.except ?? []), ...(plan?.leftOut ?? [])]);
  const rules = parseRules(
    options.rules ?? [],
    new Map(tables.map((table) => [table.name, table.columns.map((column) => column.name)])),
  );
  const wishes = new Map(
    tables.map((table) => [table.name, tableWishes(table, plan, rules.get(table.name) ?? new Map())]),
  );
  const style = options.names ?? 'keep';
  const { names } = nameTables(tables, { names: style, wishes });
  const target = await readTargetSchema(client, schema, new Set(names.values()));
  const paired = await Promise.all(
    tables.map(async (table) => {
      const columns = wishes.get(table.name)?.columns ?? new Map();
      const name = names.get(table.name) as string;
      return {
        table,
        name,
        ...(await pair(
          source,
          table,
          schema,
          name,
          target.tables.get(name),
          nameColumns(table, columns, style),
          (column) => columns.get(column)?.rules ?? [],
        )),
      };
    }),
  );
  const comparisons = paired.flatMap(({ comparison }) => comparison ?? []);
  const compared = await compareTables(client, source.pool, comparisons, (table, rows) =>
    options.onProgress?.({ phase: 'verify', table, rows, rowsTotal: null }),
  );
  const resultOf = new Map(comparisons.map((comparison, i) => [comparison.source.name, compared[i]]));
  const verified = paired.map(({ table, name, missing }): VerifiedTable => {
    const result = resultOf.get(table.name);
    return {
      source: table.name,
      target: name,
      rows: result?.rows ?? 0,
      different: result?.findings?.count ?? 0,
      exact: result?.findings?.exact ?? true,
      missing,
    };
  });
  const differences = paired.flatMap(({ table }) =>
    (resultOf.get(table.name)?.findings?.named ?? []).map((found) =>
      differenceReport(table, found, options.showValues ?? false),
    ),
  );
  const equal = verified.every(({ different, missing }) => different === 0 && missing === null);
  return {
    verdict: equal ? 'equal' : 'different',
    exitCode: equal ? 0 : 1,
    source: source.file.path,
    target: options.target.display,
    schema,
    tables: verified,
    differences,
    error: null,
  };
}

type ColumnRules = (column: string) => Comparison['table']['columns'][number]['rules'];

async function pair(
  source: OpenSource,
  table: SourceTable,
  schema: string,
  name: string,
  existing: ExistingTable | undefined,
  columns: ReadonlyMap<string, string>,
  rulesOf: ColumnRules,
): Promise<{ comparison: Comparison | null; missing: string | null }> {
  if (existing === undefined) return { comparison: null, missing: `there is no table ${schema}.${name}` };
  const found = table.columns.map((column) =>
    existing.columns.find((candidate) => candidate.name === columns.get(column.name)),
  );
  const absent = found.findIndex((column) => column === undefined);
  if (absent >= 0)
    return {
      comparison: null,
      missing: `${schema}.${name} has no column ${columns.get(table.columns[absent].name) ?? ''}`,
    };
  const chunks: ReadRange[] = [];
  await overRanges(source.pool, async (range) => {
    const { chunk, rest } = await source.pool.run('strides', { table, range });
    if (chunk !== null) chunks.push(chunk);
    return rest;
  });
  const verifyColumns = found.flatMap((column, i) =>
    column === undefined
      ? []
      : [
          {
            source: table.columns[i].name,
            target: column.name,
            typeOid: column.typeOid,
            typeName: column.typeName,
            rules: rulesOf(table.columns[i].name),
          },
        ],
  );
  return {
    comparison: {
      source: table,
      table: { source: table.name, target: { schema, name }, columns: verifyColumns, key: keyPositions(table) },
      chunks,
      leaveOut: new Set(),
    },
    missing: null,
  };
}
