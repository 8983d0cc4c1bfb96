import type { ReadRange } from '../drivers/sqlite/reader.ts';
import { nameColumns } from '../schema/design.ts';
import type { ColumnWishes } from '../schema/draft.ts';
import type { SourceTable } from '../schema/model.ts';
import type { Choice } from './choice.ts';
import type { Comparison } from './compare.ts';
import { overRanges } from './profile.ts';
import type { OpenSource } from './source.ts';
import type { ExistingTable } from './target-tables.ts';
import { type PairedColumn, verifyTable } from './verify-table.ts';

/** The columns of a table on both sides, as the names and rules of the command line and the plan have them. */
export function pairColumns(table: SourceTable, choice: Choice, style: 'keep' | 'snake'): PairedColumn[] {
  const wishes = choice.wishes.get(table.name)?.columns ?? new Map<string, ColumnWishes>();
  const names = nameColumns(table, wishes, style);
  return table.columns.map(({ name }) => ({
    source: name,
    target: names.get(name) as string,
    rules: wishes.get(name)?.rules ?? [],
  }));
}

/** The whole table on both sides, ready to be compared, or the reason why it cannot be. */
export async function comparisonOf(
  source: OpenSource,
  table: SourceTable,
  columns: readonly PairedColumn[],
  schema: string,
  existing: ExistingTable,
  leaveOut: ReadonlySet<string>,
): Promise<Comparison | string> {
  const paired = verifyTable(table, columns, schema, existing);
  if (typeof paired === 'string') return paired;
  const pieces: ReadRange[] = [];
  await overRanges(source.pool, async (range) => {
    const { piece, rest } = await source.pool.run('strides', { table, range });
    pieces.push(piece);
    return rest;
  });
  return { source: table, table: paired, pieces, leaveOut };
}
