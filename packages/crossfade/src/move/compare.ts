import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { query, transaction } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import type { ReadRange } from '../drivers/sqlite/reader.ts';
import type { SourceTable } from '../schema/model.ts';
import {
  addSums,
  differingBuckets,
  emptySums,
  type Findings,
  findDifferences,
  mergeCollected,
  seedBytes,
  type Sums,
  type VerifyTable,
} from '../verify/verify.ts';
import type { Pool } from './pool.ts';
import type { SourcePiece, TargetPiece } from './tasks.ts';

/** One table on both sides, and the pieces in which the source is read. */
export interface Comparison {
  readonly source: SourceTable;
  readonly table: VerifyTable;
  readonly pieces: readonly ReadRange[];
  /** Rows of the source that are known not to be in the target. */
  readonly leaveOut: ReadonlySet<string>;
}

/** What the comparison of one table found. */
export interface Compared {
  /** Rows of the source that were compared. */
  readonly rows: number;
  /** Null when both sides are equal. */
  readonly findings: Findings | null;
}

/** 32 MB of a table's pages at a time. */
const pagesPerPiece = 4096;
const findLimits = { limitRows: 50_000, namedMax: 1_000 };

/** A comparison whose source side is being read already. */
export interface BegunComparison {
  readonly comparisons: readonly Comparison[];
  readonly seed: Uint8Array;
  /** One a comparison. */
  readonly sources: readonly Promise<Sums>[];
}

/** Begins to read the source side, which needs nothing of the target: PostgreSQL may build indexes meanwhile. */
export function beginComparison(
  pool: Pool,
  comparisons: readonly Comparison[],
  onRows: (table: string, rows: number) => void,
): BegunComparison {
  const seed = randomBytes(seedBytes);
  const sources = comparisons.map((comparison) => {
    const pieces = sourcePieces(comparison, seed).map(async (piece) => {
      const sums = await pool.run('sumSource', piece);
      onRows(comparison.source.name, sums.rows);
      return sums;
    });
    const total = sumOf(pieces);
    // Whoever gives up in between has an error of its own to report.
    total.catch(() => undefined);
    return total;
  });
  return { comparisons, seed, sources };
}

/** Reads the target side, all tables at once and as one snapshot, and finds what differs. */
export async function finishComparison(client: pg.Client, pool: Pool, begun: BegunComparison): Promise<Compared[]> {
  return transaction(
    client,
    async () => {
      const { rows } = await query<{ snapshot: string }>(
        client,
        sql`SELECT pg_catalog.pg_export_snapshot() AS snapshot`,
        'export a snapshot',
      );
      const pieces: TargetPiece[][] = [];
      for (const { table } of begun.comparisons) {
        pieces.push(targetPieces(await pagesOf(client, table), table, rows[0].snapshot, begun.seed));
      }
      return Promise.all(begun.comparisons.map((_, i) => compareOne(pool, begun, i, pieces[i])));
    },
    'read',
  );
}

/** Compares one table whose target side is read by the caller, such as rows of a transaction that is still open. */
export async function compareWith(
  pool: Pool,
  comparison: Comparison,
  seed: Uint8Array,
  sumTarget: () => Promise<Sums>,
): Promise<{ rows: number; equal: boolean }> {
  const [source, target] = await Promise.all([
    sumOf(sourcePieces(comparison, seed).map((piece) => pool.run('sumSource', piece))),
    sumTarget(),
  ]);
  return { rows: source.rows, equal: differingBuckets(source, target).length === 0 };
}

async function compareOne(
  pool: Pool,
  { comparisons, seed, sources }: BegunComparison,
  at: number,
  targets: readonly TargetPiece[],
): Promise<Compared> {
  const { table } = comparisons[at];
  const [source, target] = await Promise.all([
    sources[at],
    sumOf(targets.map((piece) => pool.run('sumTarget', piece))),
  ]);
  if (differingBuckets(source, target).length === 0) return { rows: source.rows, findings: null };
  const pieces = sourcePieces(comparisons[at], seed);
  const findings = await findDifferences(table, source, target, findLimits, async (buckets, limitRows) => {
    const collect = { buckets, limitRows };
    const [left, right] = await Promise.all([
      Promise.all(pieces.map((piece) => pool.run('collectSource', { ...piece, ...collect }))),
      Promise.all(targets.map((piece) => pool.run('collectTarget', { ...piece, ...collect }))),
    ]);
    return { source: mergeCollected(left, limitRows), target: mergeCollected(right, limitRows) };
  });
  return { rows: source.rows, findings };
}

function sourcePieces({ source, table, pieces, leaveOut }: Comparison, seed: Uint8Array): SourcePiece[] {
  return pieces.map((range) => ({ source, table, range, seed, leaveOut }));
}

function targetPieces(pages: number | null, table: VerifyTable, snapshot: string, seed: Uint8Array): TargetPiece[] {
  if (pages === null || pages <= pagesPerPiece) return [{ table, pages: null, snapshot, seed }];
  const count = Math.ceil(pages / pagesPerPiece);
  return Array.from({ length: count }, (_, i) => ({
    table,
    pages: { from: i * pagesPerPiece, to: i === count - 1 ? Infinity : (i + 1) * pagesPerPiece },
    snapshot,
    seed,
  }));
}

/** The size of an ordinary table; null for everything that has no pages of its own, such as a partitioned one. */
async function pagesOf(client: pg.Client, table: VerifyTable): Promise<number | null> {
  const { rows } = await query<{ kind: string; pages: string }>(
    client,
    sql`SELECT c.relkind::text AS kind, (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint)::text AS pages
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${table.target.schema} AND c.relname = ${table.target.name}`,
    'measure a table',
  );
  return rows[0]?.kind === 'r' ? Number(rows[0].pages) : null;
}

async function sumOf(pieces: readonly Promise<Sums>[]): Promise<Sums> {
  const total = emptySums();
  // Added as they arrive, so that no more than a few are in memory.
  await Promise.all(pieces.map(async (piece) => addSums(total, await piece)));
  return total;
}
