import type { Progress } from './options.ts';

/** Adds the rows of each table up and tells how far one phase is. A table that is not among the totals has none yet. */
export function rowCounter(
  onProgress: ((progress: Progress) => void) | undefined,
  phase: Progress['phase'],
  totals: ReadonlyMap<string, number> = new Map(),
): (table: string, rows: number) => void {
  const seen = new Map<string, number>();
  return (table, more) => {
    const rows = (seen.get(table) ?? 0) + more;
    seen.set(table, rows);
    onProgress?.({ phase, table, rows, rowsTotal: totals.get(table) ?? null });
  };
}
