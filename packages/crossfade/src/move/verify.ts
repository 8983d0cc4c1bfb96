import type { ExitCode } from '../core/errors.ts';
import type pg from 'pg';
import { connect, disconnect } from '../pg/connect.ts';
import type { SourceTable } from '../schema/model.ts';
import { rowKeyText } from '../verify/verify.ts';
import { differenceReport } from './build-report.ts';
import { choose } from './choice.ts';
import { beginComparison, type Compared, type Comparison, finishComparison } from './compare.ts';
import { type ListedRow, listedRows } from './listed-rows.ts';
import type { MoveOptions } from './options.ts';
import { comparisonOf, pairColumns } from './pairing.ts';
import { checkHead, type RejectList } from './rejects.ts';
import type { DifferenceReport, ErrorReport } from './report.ts';
import type { OpenSource } from './source.ts';
import { readTargetSchema } from './target-tables.ts';
import { type LookOptions, withSource } from './with-source.ts';

/** Which source, which target, and how the names of one become those of the other. */
export type VerifyOptions = LookOptions &
  Pick<
    MoveOptions,
    'target' | 'schema' | 'names' | 'only' | 'except' | 'rules' | 'plan' | 'showValues' | 'onProgress'
  > & {
    /** A list of withheld rows, which are then expected to be absent: one that is there is a difference. */
    readonly quarantine?: string;
  };

/** What a comparison found; verdict and exit status always agree. */
export interface VerifyReport {
  /** `failed`: an error ended the comparison. */
  readonly verdict: 'equal' | 'different' | 'failed';
  readonly exitCode: ExitCode;
  readonly source: string;
  readonly target: string;
  readonly schema: string;
  readonly tables: readonly VerifiedTable[];
  /** The first of the rows that differ, by key. */
  readonly differences: readonly DifferenceReport[];
  readonly error: ErrorReport | null;
}

/** What the comparison of one table found. */
export interface VerifiedTable {
  readonly source: string;
  readonly target: string;
  /** Rows of the source that were compared. */
  readonly rows: number;
  /** Rows that `quarantine` lists: they were not compared, and are expected to be absent. */
  readonly withheld: number;
  /** Rows that differ; at least so many when `exact` is false. */
  readonly different: number;
  readonly exact: boolean;
  /** Why the table could not be compared row by row, or null. */
  readonly missing: string | null;
}

/** Compares a source with tables that stand in PostgreSQL, every value, whoever has put them there. Writes nothing. */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const listed = options.quarantine === undefined ? null : await read(options.quarantine);
  const client = await connect(options.target, { access: 'read' });
  try {
    return await withSource(
      options,
      options.target,
      (source) => verifyOpen(client, source, options, options.schema ?? 'public', listed),
      () => disconnect(client),
    );
  } finally {
    await disconnect(client);
  }
}

/** What reads a list takes longer to load than most comparisons need for all else. */
async function read(path: string): Promise<RejectList> {
  return (await import('./read-rejects.ts')).readRejects(path);
}

async function verifyOpen(
  client: pg.Client,
  source: OpenSource,
  options: VerifyOptions,
  schema: string,
  listed: RejectList | null,
): Promise<VerifyReport> {
  const choice = await choose(source, options);
  const withheld = withheldRows(source, listed);
  const unlisted = unlistedRecords(source, withheld);
  const target = await readTargetSchema(client, schema, new Set(choice.names.values()));
  const paired: { table: SourceTable; name: string; comparison: Comparison | string }[] = [];
  for (const table of choice.tables) {
    const name = choice.names.get(table.name) as string;
    const existing = target.tables.get(name);
    const columns = pairColumns(table, choice, options.names ?? 'keep');
    const comparison =
      existing === undefined
        ? `there is no table ${schema}.${name}`
        : unlisted.has(table.name)
          ? `${unlisted.get(table.name)} of its records cannot be read, so nobody knows what should stand there`
          : await comparisonOf(source, table, columns, schema, existing, keysOf(withheld.get(table.name), true));
    paired.push({ table, name, comparison });
  }
  const comparisons = paired.flatMap(({ comparison }) => (typeof comparison === 'string' ? [] : comparison));
  const begun = beginComparison(source.pool, comparisons, (table, rows) =>
    options.onProgress?.({ phase: 'verify', table, rows, rowsTotal: null }),
  );
  const compared = await finishComparison(client, source.pool, begun);
  const resultOf = new Map(comparisons.map((comparison, i) => [comparison.source.name, compared[i]]));
  const tables = paired.map(({ table, name, comparison }) =>
    verifiedTable(
      { source: table.name, target: name, withheld: withheld.get(table.name)?.length ?? 0 },
      resultOf.get(table.name),
      typeof comparison === 'string' ? comparison : null,
    ),
  );
  const isEqual = tables.every(({ different, missing }) => different === 0 && missing === null);
  return {
    verdict: isEqual ? 'equal' : 'different',
    exitCode: isEqual ? 0 : 1,
    source: source.name,
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

function verifiedTable(
  table: Pick<VerifiedTable, 'source' | 'target' | 'withheld'>,
  compared: Compared | undefined,
  missing: string | null,
): VerifiedTable {
  const { rows = 0, findings = null } = compared ?? {};
  return { ...table, rows, different: findings?.count ?? 0, exact: findings?.exact ?? true, missing };
}

/** The lines of the list, by table. Throws E_REJECTS_INVALID for a list that is not about this source. */
function withheldRows(source: OpenSource, listed: RejectList | null): Map<string, ListedRow[]> {
  if (listed === null) return new Map();
  checkHead(listed, source.catalog.tables);
  return Map.groupBy(listedRows(source, listed), ({ table }) => table);
}

/** The keys of rows, which the target is not expected to have, or the names of documents, which are no rows. */
function keysOf(listed: readonly ListedRow[] = [], ofRows: boolean): Set<string> {
  return new Set(listed.filter(({ isRow }) => isRow === ofRows).map(({ key }) => rowKeyText(key)));
}

/** How many records of a table can neither be read nor are listed as withheld. */
function unlistedRecords(source: OpenSource, withheld: ReadonlyMap<string, readonly ListedRow[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [table, records] of Map.groupBy(source.unreadable, ({ table: of }) => of)) {
    const names = keysOf(withheld.get(table), false);
    const unlisted = records.filter(({ key }) => !names.has(rowKeyText(key)));
    if (unlisted.length > 0) counts.set(table, unlisted.length);
  }
  return counts;
}
