import type { Expr, Node } from './ast.ts';
import { binding, placed, type ReadExpression, startsQuery } from './binding.ts';
import { type Cursor, lower, upper } from './cursor.ts';
import { readTypeName } from './type-name.ts';

/**
 * What stands between operators, with its prefix operators. `read` is handed in because the two readers need each other.
 * @throws {SqlSyntaxError}
 */
export function readOperand(cursor: Cursor, read: ReadExpression): Expr {
  const start = cursor.token;
  return placed(cursor, start, chooseReader(cursor)(cursor, read));
}

type Reader = (cursor: Cursor, read: ReadExpression) => Node;

function chooseReader(cursor: Cursor): Reader {
  const { token } = cursor;
  switch (token.kind) {
    case 'integer':
    case 'real':
    case 'blob':
    case 'string':
      return readLiteral;
    case 'name':
      return cursor.peek().text === '(' && cursor.peek().kind === 'op' ? readCall : readColumn;
    case 'op':
      return token.text === '(' ? readParentheses : readSign;
    case 'word':
      return readWord(cursor);
    case 'end':
      return cursor.fail('an expression is missing');
  }
}

function readWord(cursor: Cursor): Reader {
  const keyword = upper(cursor.token.text);
  const special = Object.hasOwn(words, keyword) ? words[keyword] : undefined;
  if (special) return special;
  const opens = cursor.peek().kind === 'op' && cursor.peek().text === '(';
  if (opens && (called[keyword] || cursor.atFreeWord)) return called[keyword] ?? readCall;
  return cursor.atFreeWord ? readColumn : cursor.fail('an expression is missing');
}

/** Reserved words that begin an operand. */
const words: Readonly<Record<string, Reader>> = {
  NULL: (cursor) => {
    cursor.advance();
    return { kind: 'literal', type: 'null', value: '' };
  },
  NOT: (cursor, read) => {
    cursor.advance();
    return { kind: 'unary', op: 'not', operand: read(cursor, binding.not) };
  },
  EXISTS: readExists,
  CASE: readCase,
  CURRENT_TIMESTAMP: readNow('timestamp'),
  CURRENT_DATE: readNow('date'),
  CURRENT_TIME: readNow('time'),
};

/** Words with a meaning of their own before a parenthesis. */
const called: Readonly<Record<string, Reader>> = {
  CAST: readCast,
  RAISE: (cursor) => {
    cursor.advance();
    cursor.skipParentheses();
    return { kind: 'unsupported', what: 'RAISE' };
  },
};

function readNow(what: 'timestamp' | 'date' | 'time'): Reader {
  return (cursor) => {
    cursor.advance();
    return { kind: 'now', what };
  };
}

function readLiteral(cursor: Cursor): Node {
  const { kind, text } = cursor.advance();
  return { kind: 'literal', type: kind === 'string' ? 'text' : (kind as 'integer' | 'real' | 'blob'), value: text };
}

function readColumn(cursor: Cursor): Node {
  const path = [cursor.advance()];
  while (cursor.isOp('.') && path.length < 3) {
    cursor.advance();
    if (!cursor.atName) cursor.fail('a name is missing');
    path.push(cursor.advance());
  }
  const name = path.at(-1) as (typeof path)[0];
  // A string after a point is a name, and never falls back to a string.
  const quote = path.length === 1 || name.kind === 'name' ? name.quote : '[';
  return { kind: 'column', table: path.at(-2)?.text ?? null, name: name.text, quote };
}

function readSign(cursor: Cursor, read: ReadExpression): Node {
  const op = cursor.token.text;
  if (op !== '-' && op !== '+' && op !== '~') cursor.fail('an expression is missing');
  cursor.advance();
  return { kind: 'unary', op, operand: read(cursor, binding.sign) };
}

function readParentheses(cursor: Cursor, read: ReadExpression): Node {
  if (startsQuery(cursor)) {
    cursor.skipParentheses();
    return { kind: 'unsupported', what: 'a subquery' };
  }
  const items = cursor.list(() => read(cursor));
  return items.length === 1 ? items[0] : { kind: 'row', items };
}

function readExists(cursor: Cursor): Node {
  cursor.advance();
  if (!cursor.isOp('(')) cursor.fail('( is missing');
  cursor.skipParentheses();
  return { kind: 'unsupported', what: 'a subquery' };
}

function readCase(cursor: Cursor, read: ReadExpression): Node {
  cursor.advance();
  const base = cursor.isWord('WHEN') ? null : read(cursor);
  const branches: { when: Expr; result: Expr }[] = [];
  while (cursor.acceptWords('WHEN')) {
    const when = read(cursor);
    cursor.expectWords('THEN');
    branches.push({ when, result: read(cursor) });
  }
  if (branches.length === 0) cursor.fail('WHEN is missing');
  const otherwise = cursor.acceptWords('ELSE') ? read(cursor) : null;
  cursor.expectWords('END');
  return { kind: 'case', base, branches, otherwise };
}

function readCast(cursor: Cursor, read: ReadExpression): Node {
  cursor.advance();
  cursor.expectOp('(');
  const operand = read(cursor);
  cursor.expectWords('AS');
  const type = readTypeName(cursor);
  cursor.expectOp(')');
  return { kind: 'cast', operand, type };
}

/** What makes a call an aggregate or a window is refused: SQLite lets neither into a schema. */
function readCall(cursor: Cursor, read: ReadExpression): Node {
  const name = lower(cursor.advance().text);
  const args: Expr[] = [];
  cursor.expectOp('(');
  if (!cursor.isOp(')')) {
    do args.push(read(cursor));
    while (cursor.acceptOp(','));
  }
  cursor.expectOp(')');
  return { kind: 'call', name, args };
}
