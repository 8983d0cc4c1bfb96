import type { A_Const, A_Expr, Node } from '../parser.ts';
import { textOf } from './names.ts';
import { as } from './tree.ts';

/** Asked of a column's name: whether the files say that it is never null. */
export type NeverNull = (column: string) => boolean;

/** Whether a condition holds for every row, as far as its text shows; one that is not there does. */
export function alwaysTrue(condition: Node | undefined, neverNull: NeverNull): boolean {
  return condition === undefined || truth(condition, neverNull) === true;
}

/** What a condition is for every row alike; null where it depends on the row, or on more than its text. */
function truth(node: Node, neverNull: NeverNull): boolean | null {
  const constant = as(node, 'A_Const');
  if (constant !== null) return constant.boolval === undefined ? null : constant.boolval.boolval === true;
  const parts = as(node, 'BoolExpr');
  if (parts !== null) {
    const found = (parts.args ?? []).map((each) => truth(each, neverNull));
    const [inner = null] = found;
    if (parts.boolop === 'NOT_EXPR') return inner === null ? null : !inner;
    // One true part decides an OR, one false part an AND.
    const decisive = parts.boolop === 'OR_EXPR';
    if (found.includes(decisive)) return decisive;
    return found.every((each) => each === !decisive) ? !decisive : null;
  }
  const test = as(node, 'NullTest');
  if (test?.nulltesttype === 'IS_NOT_NULL') return certain(test.arg, neverNull) ? true : null;
  const expression = as(node, 'A_Expr');
  return expression === null ? null : compared(expression);
}

function certain(node: Node | undefined, neverNull: NeverNull): boolean {
  if (node === undefined) return false;
  const constant = as(node, 'A_Const');
  const field = as(node, 'ColumnRef')?.fields?.at(-1);
  return constant !== null ? constant.isnull !== true : field !== undefined && neverNull(textOf(field));
}

/** `1 = 1`, `id = id`, `name LIKE '%'`: forms of a condition that a tool or a checker demanded. */
function compared({ kind, name, lexpr, rexpr }: A_Expr): boolean | null {
  if (lexpr === undefined || rexpr === undefined) return null;
  const right = as(rexpr, 'A_Const');
  if (kind === 'AEXPR_LIKE' && textOf(name?.[0]) === '~~') return right?.sval?.sval === '%' ? true : null;
  if (kind !== 'AEXPR_OP' || textOf(name?.[0]) !== '=') return null;
  const left = as(lexpr, 'A_Const');
  if (left !== null && right !== null) return left.isnull || right.isnull ? null : valueOf(left) === valueOf(right);
  const [one, other] = [as(lexpr, 'ColumnRef'), as(rexpr, 'ColumnRef')];
  return one !== null && JSON.stringify(one.fields) === JSON.stringify(other?.fields) ? true : null;
}

function valueOf({ location: _place, ...value }: A_Const & { location?: number }): string {
  return JSON.stringify(value);
}
