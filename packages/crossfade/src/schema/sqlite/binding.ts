import type { Expr, Node } from './ast.ts';
import { type Cursor, upper } from './cursor.ts';

/**
 * How tightly operators bind, after the precedence table of SQLite's parse.y (loosest first):
 * OR, AND, NOT, equality and its kin, order, bits, sum, product, concatenation, COLLATE, and the unary signs.
 */
export const binding = {
  or: 1,
  and: 2,
  not: 3,
  equality: 4,
  order: 5,
  bits: 6,
  sum: 7,
  product: 8,
  concat: 9,
  collate: 10,
  sign: 11,
} as const;

/** Reads one expression and stops before the first token that does not continue it at this tightness. */
export type ReadExpression = (cursor: Cursor, tightness?: number) => Expr;

/** The node, with the place from the beginning of `from` to the last token read. */
export function placed(cursor: Cursor, from: { readonly start: number }, node: Node): Expr {
  return { ...node, start: from.start, end: cursor.last.end };
}

/** Whether the parenthesis that stands here holds a query. */
export function startsQuery(cursor: Cursor): boolean {
  const first = cursor.peek();
  return first.kind === 'word' && ['SELECT', 'VALUES', 'WITH'].includes(upper(first.text));
}
