import type { MergeStmt, Node, RangeVar } from '../parser.ts';
import { alwaysTrue, type NeverNull } from './always.ts';
import type { Scene } from './model.ts';
import { keyOf, type QName, relationName } from './names.ts';
import { as, nodesBelow } from './tree.ts';

/** What a statement does to the rows of one table. */
export interface Write {
  readonly table: QName;
  readonly does: 'insert' | 'update' | 'delete';
  /** No condition spares a row. */
  readonly whole: boolean;
}

/** Statements that hold others which do not run here. */
const kept = /^(RuleStmt|CreateFunctionStmt|PrepareStmt)$/;

/** The rows that a statement writes, those of its WITH too. */
export function writesOf({ piece: { node, kind }, catalog }: Pick<Scene, 'piece' | 'catalog'>): Write[] {
  if (kept.test(kind)) return [];
  const insert = as(node, 'InsertStmt');
  // A seed has thousands of them, and nothing below them to look for.
  if (insert !== null && insert.withClause === undefined)
    return [{ table: relationName(insert.relation), does: 'insert', whole: false }];
  const found: Write[] = [];
  for (const [each, fields] of nodesBelow(node)) {
    if (!/^(Insert|Update|Delete|Merge)Stmt$/.test(each)) continue;
    const table = relationName(fields.relation as RangeVar | undefined);
    const neverNull: NeverNull = (column) => catalog.table(table)?.columns.get(column)?.notNull === true;
    if (each === 'MergeStmt') found.push(...merged(fields, table, neverNull));
    else {
      const does = each.replace('Stmt', '').toLowerCase() as Write['does'];
      // FROM and USING without a WHERE name no row of the table: each meets all of the other.
      const whole = does !== 'insert' && alwaysTrue(fields.whereClause as Node | undefined, neverNull);
      found.push({ table, does, whole });
    }
  }
  return found;
}

/** Every row of the target is matched by what holds always, and by the target itself. */
function merged(statement: MergeStmt, table: QName, neverNull: NeverNull): Write[] {
  const source = statement.sourceRelation === undefined ? null : as(statement.sourceRelation, 'RangeVar');
  const itself = source !== null && keyOf(relationName(source)) === keyOf(table);
  const all = itself || alwaysTrue(statement.joinCondition, neverNull);
  return (statement.mergeWhenClauses ?? []).flatMap((each) => {
    const { commandType, matchKind, condition } = as(each, 'MergeWhenClause') ?? {};
    const does = commandType?.replace('CMD_', '').toLowerCase();
    if (does !== 'update' && does !== 'delete' && does !== 'insert') return [];
    const reached = matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE' || (matchKind === 'MERGE_WHEN_MATCHED' && all);
    return [{ table, does, whole: does !== 'insert' && reached && alwaysTrue(condition, neverNull) }];
  });
}
