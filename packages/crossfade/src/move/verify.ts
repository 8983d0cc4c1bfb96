import type { ExitCode } from '../core/errors.ts';
import type pg from 'pg';
import type { ReadRange } from '../drivers/sqlite/reader.ts';
import { connect, disconnect } from '../pg/connect.ts';
import { nameColumns } from '../schema/design.ts';
import type { ColumnWishes } from '../schema/draft.ts';
import type { SourceTable } from '../schema/model.ts';
import { differenceReport } from './build-report.ts';
import { type Choice, choose } from './choice.ts';
import { beginComparison, type Compared, type Comparison, finishComparison } from './compare.ts';
import type { MoveOptions } from './options.ts';
import { overRanges } from './profile.ts';
import type { DifferenceReport } from './report.ts';
import { defaultJobs, openSource, type OpenSource } from './source.ts';
import { type ExistingTable, readTargetSchema } from './target-tables.ts';
import { type PairedColumn, verifyTable } from './verify-table.ts';

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
    const source = await openSource(options.source, options.jobs ?? defaultJobs(), options.target);
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
  const choice = await choose(source, options);
  const target = await readTargetSchema(client, schema, new Set(choice.names.values()));
  const paired: { table: SourceTable; name: string; comparison: Comparison | string }[] = [];
  for (const table of choice.tables) {
    const name = choice.names.get(table.name) as string;
    const existing = target.tables.get(name);
    const columns = pairColumns(table, choice, options.names ?? 'keep');
    const comparison =
      existing === undefined
        ? `there is no table ${schema}.${name}`
        : await pair(source, table, columns, schema, existing);
    paired.push({ table, name, comparison });
  }
  const comparisons = paired.flatMap(({ comparison }) => (typeof comparison === 'string' ? [] : comparison));
  const begun = beginComparison(source.pool, comparisons, (table, rows) =>
    options.onProgress?.({ phase: 'verify', table, rows, rowsTotal: null }),
  );
  const compared = await finishComparison(client, source.pool, begun);
  const resultOf = new Map(comparisons.map((comparison, i) => [comparison.source.name, compared[i]]));
  const tables = paired.map(({ table, name, comparison }) =>
    verifiedTable(table.name, name, resultOf.get(table.name), typeof comparison === 'string' ? comparison : null),
  );
  const isEqual = tables.every(({ different, missing }) => different === 0 && missing === null);
  return {
    verdict: isEqual ? 'equal' : 'different',
    exitCode: isEqual ? 0 : 1,
    source: source.file.path,
    target: options.target.display,
    schema,
    tables,
    differences: paired.flatMap(({ table }) =>
      (resultOf.get(table.name)?.findings?.named ?? []).map((found) =>
        differenceReport(table, found, options.showValues ?? false),
      ),
    ),
    error: null,
  };
}

function pairColumns(table: SourceTable, choice: Choice, style: 'keep' | 'snake'): PairedColumn[] {
  const wishes = choice.wishes.get(table.name)?.columns ?? new Map<string, ColumnWishes>();
  const names = nameColumns(table, wishes, style);
  return table.columns.map(({ name }) => ({
    source: name,
    target: names.get(name) as string,
    rules: wishes.get(name)?.rules ?? [],
  }));
}

function verifiedTable(
  source: string,
  target: string,
  compared: Compared | undefined,
  missing: string | null,
): VerifiedTable {
  const { rows = 0, findings = null } = compared ?? {};
  return { source, target, rows, different: findings?.count ?? 0, exact: findings?.exact ?? true, missing };
}

/** The table on both sides, or the reason why it cannot be compared. */
async function pair(
  source: OpenSource,
  table: SourceTable,
  columns: readonly PairedColumn[],
  schema: string,
  existing: ExistingTable,
): Promise<Comparison | string> {
  const paired = verifyTable(table, columns, schema, existing);
  if (typeof paired === 'string') return paired;
  const chunks: ReadRange[] = [];
  await overRanges(source.pool, async (range) => {
    const { chunk, rest } = await source.pool.run('strides', { table, range });
    chunks.push(chunk);
    return rest;
  });
  return { source: table, table: paired, chunks, leaveOut: new Set() };
}
