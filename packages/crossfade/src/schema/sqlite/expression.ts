import type { BinaryOp, Expr, Node, Pattern } from './ast.ts';
import { binding, placed, startsQuery } from './binding.ts';
import { Cursor, lower, upper } from './cursor.ts';
import { readOperand } from './operand.ts';
import { attempt, type Parsed } from './tokens.ts';

const symbols: Readonly<Record<string, readonly [op: BinaryOp, binding: number]>> = {
  '=': ['=', binding.equality],
  '==': ['=', binding.equality],
  '!=': ['<>', binding.equality],
  '<>': ['<>', binding.equality],
  '<': ['<', binding.order],
  '<=': ['<=', binding.order],
  '>': ['>', binding.order],
  '>=': ['>=', binding.order],
  '&': ['&', binding.bits],
  '|': ['|', binding.bits],
  '<<': ['<<', binding.bits],
  '>>': ['>>', binding.bits],
  '+': ['+', binding.sum],
  '-': ['-', binding.sum],
  '*': ['*', binding.product],
  '/': ['/', binding.product],
  '%': ['%', binding.product],
  '||': ['||', binding.concat],
  '->': ['->', binding.concat],
  '->>': ['->>', binding.concat],
};

/** The whole text is one expression. */
export function parseExpression(sql: string): Parsed<Expr> {
  return attempt(() => {
    const cursor = new Cursor(sql);
    const expr = readExpression(cursor);
    if (cursor.token.kind !== 'end') cursor.fail('the expression ends before the text does');
    return expr;
  });
}

/**
 * Reads one expression and stops before the first token that does not continue it.
 * @throws {SqlSyntaxError}
 */
export function readExpression(cursor: Cursor, tightness = 0): Expr {
  return cursor.nested(() => {
    let left = readOperand(cursor, readExpression);
    for (let next = continuation(cursor, left, tightness); next; next = continuation(cursor, left, tightness)) {
      left = next;
    }
    return left;
  });
}

/** What the operator that stands here makes of `left`; null when none binds more tightly than `tightness`. */
function continuation(cursor: Cursor, left: Expr, tightness: number): Expr | null {
  const { token } = cursor;
  if (token.kind === 'op') {
    const found = symbols[token.text];
    if (!found || found[1] <= tightness) return null;
    cursor.advance();
    return placed(cursor, left, binary(found[0], left, readExpression(cursor, found[1])));
  }
  if (token.kind !== 'word') return null;
  const keyword = upper(token.text);
  if (keyword === 'COLLATE' && tightness < binding.collate) {
    cursor.advance();
    return placed(cursor, left, { kind: 'collate', operand: left, collation: cursor.expectName() });
  }
  if (keyword === 'AND' || keyword === 'OR') {
    const op = keyword === 'AND' ? 'and' : 'or';
    if (binding[op] <= tightness) return null;
    cursor.advance();
    return placed(cursor, left, binary(op, left, readExpression(cursor, binding[op])));
  }
  return tightness < binding.equality ? predicate(cursor, left) : null;
}

function binary(op: BinaryOp, left: Expr, right: Expr): Node {
  return { kind: 'binary', op, left, right };
}

/** IS, IN, BETWEEN, LIKE and the null tests, with or without NOT. */
function predicate(cursor: Cursor, left: Expr): Expr | null {
  const node = nullTest(cursor, left) ?? isTest(cursor, left) ?? notable(cursor, left);
  return node && placed(cursor, left, node);
}

function nullTest(cursor: Cursor, operand: Expr): Node | null {
  if (cursor.acceptWords('ISNULL')) return { kind: 'null test', negated: false, operand };
  if (cursor.acceptWords('NOTNULL') || cursor.acceptWords('NOT', 'NULL')) {
    return { kind: 'null test', negated: true, operand };
  }
  return null;
}

function isTest(cursor: Cursor, left: Expr): Node | null {
  if (!cursor.acceptWords('IS')) return null;
  const not = cursor.acceptWords('NOT');
  // IS NOT DISTINCT FROM is IS, and IS DISTINCT FROM is IS NOT.
  const distinct = cursor.acceptWords('DISTINCT', 'FROM');
  const right = readExpression(cursor, binding.equality);
  const negated = not !== distinct;
  if (right.kind === 'literal' && right.type === 'null') return { kind: 'null test', negated, operand: left };
  return binary(negated ? 'is not' : 'is', left, right);
}

function notable(cursor: Cursor, left: Expr): Node | null {
  const negated = cursor.isWord('NOT');
  const keyword = upper((negated ? cursor.peek() : cursor.token).text);
  const read = notables[keyword];
  if (!read || (negated && cursor.peek().kind !== 'word')) return null;
  if (negated) cursor.advance();
  cursor.advance();
  return read(cursor, left, negated, keyword);
}

type NotableReader = (cursor: Cursor, left: Expr, negated: boolean, keyword: string) => Node;
const notables: Readonly<Record<string, NotableReader>> = {
  BETWEEN: readBetween,
  IN: readIn,
  LIKE: readPattern,
  GLOB: readPattern,
  REGEXP: readPattern,
  MATCH: readPattern,
};

function readBetween(cursor: Cursor, operand: Expr, negated: boolean): Node {
  const low = readExpression(cursor, binding.and);
  cursor.expectWords('AND');
  const high = readExpression(cursor, binding.equality);
  return { kind: 'between', negated, operand, low, high };
}

function readIn(cursor: Cursor, operand: Expr, negated: boolean): Node {
  if (!cursor.isOp('(')) {
    cursor.expectName();
    return { kind: 'unsupported', what: 'a lookup in another table' };
  }
  if (startsQuery(cursor)) {
    cursor.skipParentheses();
    return { kind: 'unsupported', what: 'a subquery' };
  }
  cursor.advance();
  if (cursor.acceptOp(')')) return { kind: 'in', negated, operand, list: [] };
  const list = [readExpression(cursor)];
  while (cursor.acceptOp(',')) list.push(readExpression(cursor));
  cursor.expectOp(')');
  return { kind: 'in', negated, operand, list };
}

function readPattern(cursor: Cursor, operand: Expr, negated: boolean, keyword: string): Node {
  const pattern = readExpression(cursor, binding.equality);
  const escape = cursor.acceptWords('ESCAPE') ? readExpression(cursor, binding.equality) : null;
  return { kind: 'pattern', op: lower(keyword) as Pattern['op'], negated, operand, pattern, escape };
}
