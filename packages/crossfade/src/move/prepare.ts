import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { type Design, type DesignOptions, designTables, nameColumns, nameTables } from '../schema/design.ts';
import type { ColumnWishes, TableWishes } from '../schema/draft.ts';
import type { NotMoved, PgType, Rule, SourceTable } from '../schema/model.ts';
import { parseRules } from '../schema/rules.ts';
import type { MoveOptions } from './options.ts';
import { type PlanWishes, readPlan } from './plan-file.ts';
import { profileTables, type TableProfile } from './profile.ts';
import { type OpenSource, selectTables } from './source.ts';
import { checkFillable, type ExistingTable, readTargetSchema, type TargetSchema } from './target-tables.ts';

/** A plan needs no target. */
type PrepareOptions = Omit<MoveOptions, 'target'> & Partial<Pick<MoveOptions, 'target'>>;

/** What is known before anything is written. */
export interface Prepared {
  readonly profiles: readonly TableProfile[];
  readonly design: Design;
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
  const plan = options.plan === undefined ? null : readPlan(options.plan, source.catalog.tables);
  const { tables, leftOut } = selectTables(source.catalog, options.only, [
    ...(options.except ?? []),
    ...(plan?.leftOut ?? []),
  ]);
  const columnsOf = new Map(tables.map((table) => [table.name, table.columns.map((column) => column.name)]));
  const rules = parseRules(options.rules ?? [], columnsOf);
  const names = options.names ?? 'keep';
  const planned = new Map(
    tables.map((table) => [table.name, tableWishes(table, plan, rules.get(table.name) ?? new Map())]),
  );
  const named = nameTables(tables, { names, wishes: planned }).names;
  const target = client === null ? null : await readTargetSchema(client, schema, new Set(named.values()));
  const wishes = new Map(
    tables.map((table) => {
      const existing = findExisting(target, schema, named.get(table.name) as string);
      const wished = planned.get(table.name) as TableWishes;
      return [table.name, existing === null ? wished : adopt(table, wished, existing, schema, names)];
    }),
  );
  const design: DesignOptions = {
    types: options.types ?? 'rich',
    names,
    gin: options.gin ?? false,
    wishes,
    taken: target?.taken ?? new Set(),
  };
  const profiles = await profileTables(source.pool, source.file.path, tables, {
    rules: mapWishes(wishes, (column) => column.rules),
    ordered: mapWishes(wishes, (column) => column.type ?? null),
    onRows: progress(options),
  });
  const evidence = new Map(profiles.map((profile) => [profile.table.name, profile.evidence]));
  return {
    profiles,
    design: designTables(tables, evidence, design),
    targetSchema: target,
    notMoved: [...source.catalog.notMoved, ...leftOut],
    warnings: warningsOf(source, options),
  };
}

/** The wishes of the plan, with the rules of the command line on top. */
export function tableWishes(
  table: SourceTable,
  plan: PlanWishes | null,
  rules: ReadonlyMap<string, readonly Rule[]>,
): TableWishes {
  const planned = plan?.tables.get(table.name);
  const columns = table.columns.map((column): [string, ColumnWishes] => {
    const before = planned?.columns.get(column.name);
    const all = [...(before?.rules ?? []), ...(rules.get(column.name) ?? [])];
    const type = all.findLast((rule) => rule.kind === 'type')?.type ?? impliedType(all) ?? before?.type;
    return [
      column.name,
      {
        ...(before?.name === undefined ? {} : { name: before.name }),
        ...(type === undefined ? {} : { type }),
        rules: all,
        gin: before?.gin ?? false,
      },
    ];
  });
  return {
    ...(planned?.name === undefined ? {} : { name: planned.name }),
    columns: new Map(columns),
    without: planned?.without ?? new Set(),
    exists: false,
  };
}

/** Only an instant has a zone or a unit. */
function impliedType(rules: readonly Rule[]): PgType | undefined {
  return rules.some((rule) => rule.kind === 'zone' || rule.kind === 'epoch') ? 'timestamptz' : undefined;
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

function progress(options: PrepareOptions): (table: string, rows: number) => void {
  const seen = new Map<string, number>();
  return (table, rows) => {
    seen.set(table, (seen.get(table) ?? 0) + rows);
    options.onProgress?.({ phase: 'profile', table, rows: seen.get(table) as number, rowsTotal: null });
  };
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
