import { Tag } from '../core/cell.ts';
import type { StoredChunk } from './checkpoint.ts';
import type { LoadTable } from './load-chunk.ts';
import type { SourceTable, TargetTable } from '../schema/model.ts';
import type { Design } from '../schema/design.ts';
import { type ColumnEvidence, count } from '../schema/evidence.ts';
import type { Pool } from './pool.ts';
import type { Prepared } from './prepare.ts';
import { tooWide } from './wide-rows.ts';

/** Loads every chunk that no checkpoint counts yet; the pool takes them in parallel, large tables and small alike. */
export async function loadTables(
  pool: Pool,
  loadSchema: string,
  { design, profiles }: Pick<Prepared, 'design' | 'profiles'>,
  chunks: readonly StoredChunk[],
  onChunk: (chunk: StoredChunk, done: NonNullable<StoredChunk['done']>) => void,
): Promise<void> {
  const profileOf = new Map(profiles.map((profile) => [profile.table.name, profile]));
  const tables = new Map(
    design.tables.map((table) => [
      table.source.name,
      {
        source: table.source,
        load: loadTableOf(loadSchema, table, design, profileOf.get(table.source.name)?.evidence ?? []),
      },
    ]),
  );
  await Promise.all(
    chunks.map(async (chunk) => {
      const { source, load } = tables.get(chunk.table) as { source: SourceTable; load: LoadTable };
      if (chunk.done !== null) return onChunk(chunk, chunk.done);
      const { rows, altered } = await pool.run('load', { source, table: load, chunk }).catch((error: unknown) => {
        throw tooWide(error, source, profileOf.get(chunk.table)?.widest ?? null);
      });
      onChunk(chunk, { loaded: rows, altered });
    }),
  );
}

/** The columns that COPY writes; a generated column's values are PostgreSQL's own. */
export function loadTableOf(
  loadSchema: string,
  table: TargetTable,
  design: Design,
  evidence: readonly ColumnEvidence[],
): LoadTable {
  const doubtful = new Set(
    design.unheld.filter((found) => found.table === table.source.name).map((found) => found.column),
  );
  return {
    schema: loadSchema,
    name: table.name,
    // The evidence of a column with rules is that of the values which the rules have made.
    known: table.columns.map(({ rules }, i) => (rules.length === 0 && evidence[i] ? onlyTag(evidence[i]) : null)),
    columns: table.columns.flatMap((column, position) =>
      column.generated !== null
        ? []
        : [
            {
              name: column.name,
              source: column.source.name,
              position,
              type: column.type,
              rules: column.rules,
              checked: doubtful.has(column.source.name) || column.rules.some((rule) => rule.kind === 'invalid'),
            },
          ],
    ),
  };
}

/** The one storage class of all values that are not NULL; null where there are several or none. */
function onlyTag(evidence: ColumnEvidence): Tag | null {
  const seen = (['integer', 'real', 'text', 'blob'] as const).filter((fact) => count(evidence, fact) > 0);
  return seen.length === 1 ? Tag[seen[0]] : null;
}
