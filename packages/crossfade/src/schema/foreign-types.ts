import { foldName } from './sqlite/sqlite.ts';
import { type Draft, wishesOf } from './draft.ts';
import { valuesOf } from './evidence.ts';
import { holds } from './infer.ts';
import type { PgType, SourceForeignKey, TargetColumn } from './model.ts';

/** One column of a table on its way to its type. */
interface Side {
  readonly draft: Draft;
  readonly at: number;
}

/** The types that inference makes out of text: they can become text again. A number stays a number. */
const madeOfText: ReadonlySet<PgType> = new Set(['text', 'uuid', 'date', 'timestamp', 'timestamptz', 'json', 'jsonb']);

/**
 * Gives both sides of every foreign key one type, because PostgreSQL wants to compare them: the parent's where the
 * child's values allow it, else the child's, else text. Where no type will do, the key cannot be made, and is reported.
 */
export function unifyForeignKeyTypes(drafts: readonly Draft[]): void {
  const pairs = drafts.flatMap((child) => child.source.foreignKeys.flatMap((key) => pairsOf(child, key, drafts)));
  // Chains of keys settle within as many rounds as they are long.
  for (let changed = true, round = 0; changed && round <= pairs.length; round++) {
    changed = false;
    for (const [child, parent] of pairs) if (unify(child, parent)) changed = true;
  }
}

function pairsOf(child: Draft, key: SourceForeignKey, drafts: readonly Draft[]): (readonly [Side, Side])[] {
  const parent = drafts.find((draft) => draft.source.name === key.parent);
  if (parent === undefined || key.parentColumns.length !== key.columns.length) return [];
  return key.columns.flatMap((column, i) => {
    const left = { draft: child, at: positionOf(child, column) };
    const right = { draft: parent, at: positionOf(parent, key.parentColumns[i]) };
    return left.at < 0 || right.at < 0 ? [] : [[left, right] as const];
  });
}

function unify(child: Side, parent: Side): boolean {
  const [childType, parentType] = [columnOf(child).type, columnOf(parent).type];
  if (childType === parentType || (isInteger(childType) && isInteger(parentType))) return false;
  const type = [parentType, childType, 'text' as const].find(
    (candidate) => fits(child, candidate) && fits(parent, candidate),
  );
  if (type === undefined) return false;
  adopt(child, type, parent);
  adopt(parent, type, child);
  return true;
}

function fits({ draft, at }: Side, type: PgType): boolean {
  const column = draft.columns[at];
  if (column.type === type) return true;
  const isSettled = wishesOf(draft, column.source).type !== undefined || column.source.name === draft.source.rowidAlias;
  if (isSettled) return false;
  return (
    valuesOf(draft.evidence[at]) === 0 ||
    (madeOfText.has(column.type) && holds(type, column.source, draft.evidence[at]))
  );
}

function adopt(side: Side, type: PgType, other: Side): void {
  const column = columnOf(side);
  if (column.type === type) return;
  const why = `${column.why}; ${type} for the foreign key with ${other.draft.source.name}.${columnOf(other).source.name}`;
  side.draft.columns[side.at] = { ...column, type, why };
}

function columnOf({ draft, at }: Side): TargetColumn {
  return draft.columns[at];
}

function isInteger(type: PgType): boolean {
  return type === 'integer' || type === 'bigint';
}

function positionOf(draft: Draft, column: string): number {
  return draft.source.columns.findIndex(({ name }) => foldName(name) === foldName(column));
}
