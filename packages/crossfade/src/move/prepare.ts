import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { type Design, type DesignOptions, designTables, nameColumns } from '../schema/design.ts';
import type { ColumnWishes, TableWishes } from '../schema/draft.ts';
import type { NotMoved, SourceTable } from '../schema/model.ts';
import { choose } from './choice.ts';
import type { MoveOptions } from './options.ts';
import { type UnreadableRecord, unheldRecords, unreadableWarnings } from './staged.ts';
import { profileTables, type TableProfile } from './profile.ts';
import { rowCounter } from './row-counter.ts';
import type { OpenSource } from './source.ts';
import { wideWarnings } from './wide-rows.ts';
import { checkFillable, type ExistingTable, readTargetSchema, type TargetSchema } from './target-tables.ts';

/** A plan needs no target. */
type PrepareOptions = Omit<MoveOptions, 'target'> & Partial<Pick<MoveOptions, 'target'>>;

/** What is known before anything is written. */
export interface Prepared {
  readonly profiles: readonly TableProfile[];
  readonly design: Design;
  /** Records of the chosen tables that cannot be read. */
  readonly unreadable: readonly UnreadableRecord[];
  /** The target schema as it stands; null when there is no target to look at. */
  readonly targetSchema: TargetSchema | null;
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly string[];
}

/**
 * Chooses the tables, reads the target, looks at every value and designs the target's tables. A null client plans
 * without a target. Throws when a name, rule, plan or existing table is in the way, before any value has been read.
 */
export async function prepare(
  client: pg.Client | null,
  source: OpenSource,
  options: PrepareOptions,
  schema: string,
): Promise<Prepared> {
  const { tables, leftOut, wishes: wished, names } = await choose(source, options);
  refuseTooWide(tables);
  const style = options.names ?? 'keep';
  const target = client === null ? null : await readTargetSchema(client, schema, new Set(names.values()));
  const wishes = new Map(
    tables.map((table) => {
      const existing = findExisting(target, schema, names.get(table.name) as string);
      const before = wished.get(table.name) as TableWishes;
      return [table.name, existing === null ? before : adopt(table, before, existing, schema, style)];
    }),
  );
  const design: DesignOptions = {
    types: options.types ?? 'rich',
    names: style,
    gin: options.gin ?? false,
    wishes,
    taken: target?.taken ?? new Set(),
  };
  const profiles = await profileTables(source.pool, source.file.path, tables, {
    rules: mapWishes(wishes, (column) => column.rules),
    ordered: mapWishes(wishes, (column) => column.type ?? null),
    onRows: rowCounter(options.onProgress, 'profile'),
  });
  const evidence = new Map(profiles.map((profile) => [profile.table.name, profile.evidence]));
  const designed = designTables(tables, evidence, design);
  const unreadable = source.unreadable.filter(({ table }) => tables.some(({ name }) => name === table));
  return {
    profiles,
    design: { ...designed, unheld: [...designed.unheld, ...unheldRecords(unreadable)] },
    unreadable,
    targetSchema: target,
    notMoved: [...source.catalog.notMoved, ...leftOut],
    warnings: [
      ...warningsOf(source, options),
      ...wideWarnings(profiles),
      ...unreadableWarnings(unreadable, options.showValues ?? false),
    ],
  };
}

function findExisting(target: TargetSchema | null, schema: string, name: string): ExistingTable | null {
  if (target?.taken.has(name) === true) {
    throw new CrossfadeError(
      'E_TARGET_MISMATCH',
      `${schema}.${name} already exists and is not an ordinary table. Nothing was moved. Choose another --schema, or another name for the table in a plan.`,
      { schema, name },
    );
  }
  return target?.tables.get(name) ?? null;
}

function refuseTooWide(tables: readonly SourceTable[]): void {
  const wide = tables.find((table) => table.columns.length > limits.columnsMax);
  if (wide === undefined) return;
  throw new CrossfadeError(
    'E_TARGET_REFUSED',
    `Table ${wide.name} has ${wide.columns.length} columns, and PostgreSQL takes ${limits.columnsMax}. Nothing was moved. Leave it out with --except, or split it in SQLite first.`,
    { table: wide.name, columns: wide.columns.length },
  );
}

/** A table that is there decides the types of its columns; the source's values have to fit. */
function adopt(
  table: SourceTable,
  wishes: TableWishes,
  existing: ExistingTable,
  schema: string,
  style: 'keep' | 'snake',
): TableWishes {
  const names = nameColumns(table, wishes.columns, style);
  const columns = table.columns.map((column): [string, ColumnWishes] => {
    const wished = wishes.columns.get(column.name) as ColumnWishes;
    const name = names.get(column.name) as string;
    const type = existing.columns.find((candidate) => candidate.name === name)?.type;
    return [column.name, { ...wished, name, ...(type === undefined || type === null ? {} : { type }) }];
  });
  checkFillable(
    schema,
    existing,
    columns.map(([, wished]) => wished.name as string),
  );
  return { ...wishes, columns: new Map(columns), exists: true };
}

function mapWishes<T>(
  wishes: ReadonlyMap<string, TableWishes>,
  pick: (column: ColumnWishes) => T | null,
): Map<string, Map<string, T>> {
  return new Map(
    [...wishes].map(([table, { columns }]) => [
      table,
      new Map(
        [...columns].flatMap(([column, wished]) => {
          const picked = pick(wished);
          return picked === null ? [] : [[column, picked] as const];
        }),
      ),
    ]),
  );
}

function warningsOf(source: OpenSource, options: PrepareOptions): string[] {
  const { file } = source;
  const lostWal =
    file.walMode && !file.hasWal
      ? [
          'The database is in WAL mode and no -wal file with commits stands beside it. That is right after a clean shutdown; if the file was copied, copy its -wal too.',
        ]
      : [];
  return [...source.catalog.warnings, ...lostWal, ...(options.target?.warnings ?? [])];
}
