import { CrossfadeError } from '../core/errors.ts';
import { locatorOf } from '../drivers/sqlite/locator.ts';
import type { Design } from '../schema/design.ts';
import type { MoveOptions } from './options.ts';

/** A limit without quarantine would say nothing: then no row at all may be withheld. Throws E_USAGE. */
export function refuseIdleLimit({ badValues, rejectLimit }: Pick<MoveOptions, 'badValues' | 'rejectLimit'>): void {
  if (rejectLimit === undefined || badValues === 'quarantine') return;
  throw new CrossfadeError(
    'E_USAGE',
    'A limit for withheld rows has a meaning only where rows may be withheld. Nothing was done. Add --bad-values quarantine, or leave --reject-limit out: without quarantine the first such row stops the run.',
    { rejectLimit },
  );
}

/** Why the run has to stop, or null: a table with more rows to be withheld than the limit allows. */
export type OverLimit = CrossfadeError | null;

/**
 * What the profile already knows: a row with a bad value in some column will be withheld. Rows with bad values in several
 * columns are known only once they are counted, so a table has at least as many as its worst column.
 */
export function surelyOverLimit(unheld: Design['unheld'], limit: number | undefined): OverLimit {
  const byColumn = new Map<string, { table: string; rows: number }>();
  for (const { table, column, count } of unheld) {
    const name = JSON.stringify([table, column]);
    byColumn.set(name, { table, rows: (byColumn.get(name)?.rows ?? 0) + count });
  }
  return overLimit([...byColumn.values()], limit, 'at least ');
}

/** The same of rows that were withheld. */
export function countedOverLimit(
  withheld: readonly { readonly table: string }[],
  limit: number | undefined,
): OverLimit {
  const byTable = new Map<string, number>();
  for (const { table } of withheld) byTable.set(table, (byTable.get(table) ?? 0) + 1);
  const counts = [...byTable].map(([table, rows]) => ({ table, rows }));
  return overLimit(counts, limit, '');
}

function overLimit(
  counts: readonly { table: string; rows: number }[],
  limit: number | undefined,
  atLeast: string,
): OverLimit {
  const [worst] = counts.toSorted((a, b) => b.rows - a.rows);
  if (limit === undefined || worst === undefined || worst.rows <= limit) return null;
  const { table, rows } = worst;
  return new CrossfadeError(
    'E_REJECT_LIMIT',
    `Table ${table} has ${atLeast}${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'} that would be withheld, and --reject-limit allows ${limit.toLocaleString('en-US')}. Nothing was published. Name a rule for the columns, mend the source, or allow more.`,
    { table, rows, limit },
  );
}

/** A row that has no name cannot be withheld: nothing could say later which one it was. */
export function refuseKeyless(design: Design): void {
  const keyless = new Set(
    design.tables.filter(({ source }) => locatorOf(source).kind === 'none').map(({ source }) => source.name),
  );
  const found = design.unheld.find(({ table }) => keyless.has(table));
  if (found === undefined) return;
  throw new CrossfadeError(
    'E_USAGE',
    `Rows of table ${found.table} cannot be withheld: its columns take every name of the rowid, so no row can be named. Nothing was written. Name a rule for ${found.table}.${found.column}, or rename one of the columns rowid, _rowid_ and oid.`,
    { table: found.table, column: found.column },
  );
}
