import { given } from '../core/given.ts';
import { nameTables } from '../schema/design.ts';
import type { ColumnWishes, TableWishes } from '../schema/draft.ts';
import type { NotMoved, PgType, Rule, SourceTable } from '../schema/model.ts';
import { parseRules } from '../schema/rules.ts';
import type { MoveOptions } from './options.ts';
import type { PlanWishes } from './plan-file.ts';
import { type OpenSource, selectTables } from './source.ts';

/** Which tables are meant, and what the user has decided about them. */
export interface Choice {
  readonly tables: readonly SourceTable[];
  readonly leftOut: readonly NotMoved[];
  /** By source table, one for each of `tables`. */
  readonly wishes: ReadonlyMap<string, TableWishes>;
  /** The target's name by source table. */
  readonly names: ReadonlyMap<string, string>;
}

/** Reads `--only`, `--except`, `--rule`, `--names` and the plan against the source. Throws E_USAGE, E_RULE_INVALID or E_PLAN_INVALID. */
export async function choose(
  source: OpenSource,
  options: Pick<MoveOptions, 'only' | 'except' | 'rules' | 'names' | 'plan'>,
): Promise<Choice> {
  const plan = options.plan === undefined ? null : await wishesOf(options.plan, source.catalog.tables);
  const { tables, leftOut } = selectTables(source.catalog, options.only, [
    ...(options.except ?? []),
    ...(plan?.leftOut ?? []),
  ]);
  const columnsOf = new Map(tables.map((table) => [table.name, table.columns.map((column) => column.name)]));
  const rules = parseRules(options.rules ?? [], columnsOf);
  const wishes = new Map(
    tables.map((table) => [
      table.name,
      wishesFor(table, source.types.get(table.name), plan, rules.get(table.name) ?? new Map()),
    ]),
  );
  return { tables, leftOut, wishes, names: nameTables(tables, { names: options.names ?? 'keep', wishes }).names };
}

/** Reading a plan takes a library that takes longer to start than all the rest, so it is started where there is a plan. */
async function wishesOf(path: string, tables: readonly SourceTable[]): Promise<PlanWishes> {
  const { readPlan } = await import('./plan-file.ts');
  return readPlan(path, tables);
}

/** What the source itself says, under the wishes of the plan, under the rules of the command line. */
function wishesFor(
  table: SourceTable,
  known: ReadonlyMap<string, PgType> | undefined,
  plan: PlanWishes | null,
  rules: ReadonlyMap<string, readonly Rule[]>,
): TableWishes {
  const tablePlan = plan?.tables.get(table.name);
  const columns = table.columns.map((column): [string, ColumnWishes] => {
    const before = tablePlan?.columns.get(column.name);
    const ordered = before?.type ?? known?.get(column.name);
    const planned: Rule[] = ordered === undefined ? [] : [{ kind: 'type', type: ordered }];
    const all = [...planned, ...(before?.rules ?? []), ...(rules.get(column.name) ?? [])];
    const type = all.findLast((rule) => rule.kind === 'type')?.type ?? impliedType(all);
    return [
      column.name,
      { ...given('name', before?.name), ...given('type', type), rules: all, gin: before?.gin ?? false },
    ];
  });
  return {
    ...given('name', tablePlan?.name),
    columns: new Map(columns),
    without: tablePlan?.without ?? new Set(),
    exists: false,
  };
}

/** Only an instant has a zone or a unit. */
function impliedType(rules: readonly Rule[]): PgType | undefined {
  return rules.some((rule) => rule.kind === 'zone' || rule.kind === 'epoch') ? 'timestamptz' : undefined;
}
