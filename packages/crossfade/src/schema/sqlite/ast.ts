/** A parsed expression. Every node knows its place in the source, so that texts are sliced out and never rebuilt. */
export type Expr = Node & { readonly start: number; readonly end: number };

/** An expression, taken apart. */
export type Node =
  | Literal
  | Column
  | { readonly kind: 'now'; readonly what: 'timestamp' | 'date' | 'time' }
  | { readonly kind: 'unary'; readonly op: '-' | '+' | '~' | 'not'; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'null test'; readonly negated: boolean; readonly operand: Expr }
  | Pattern
  | {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly operand: Expr;
      readonly low: Expr;
      readonly high: Expr;
    }
  | { readonly kind: 'in'; readonly negated: boolean; readonly operand: Expr; readonly list: readonly Expr[] }
  | Case
  | { readonly kind: 'cast'; readonly operand: Expr; readonly type: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[] }
  | { readonly kind: 'collate'; readonly operand: Expr; readonly collation: string }
  | { readonly kind: 'row'; readonly items: readonly Expr[] }
  /** SQL that SQLite accepts somewhere and that is not taken apart here: subqueries, windows, RAISE. */
  | { readonly kind: 'unsupported'; readonly what: string };

/** A constant as written; numbers stay text, so that no digit is lost. */
export interface Literal {
  readonly kind: 'literal';
  readonly type: 'null' | 'integer' | 'real' | 'text' | 'blob';
  /** integer and real: as written, without separators; blob: hex digits. */
  readonly value: string;
}

/**
 * A name. TRUE and FALSE arrive here too: to SQLite they are truth values only where no column has that name. So does
 * "abc", which is a string where there is no such column.
 */
export interface Column {
  readonly kind: 'column';
  readonly table: string | null;
  readonly name: string;
  readonly quote: '"' | '[' | '`' | null;
}

/** LIKE, GLOB and their kin. */
export interface Pattern {
  readonly kind: 'pattern';
  readonly op: 'like' | 'glob' | 'regexp' | 'match';
  readonly negated: boolean;
  readonly operand: Expr;
  readonly pattern: Expr;
  readonly escape: Expr | null;
}

/** CASE with or without an operand. */
export interface Case {
  readonly kind: 'case';
  readonly base: Expr | null;
  readonly branches: readonly { readonly when: Expr; readonly result: Expr }[];
  readonly otherwise: Expr | null;
}

/** Operators of two operands, spelled in one way each. */
export type BinaryOp =
  | 'or'
  | 'and'
  | '='
  | '<>'
  | 'is'
  | 'is not'
  | '<'
  | '<='
  | '>'
  | '>='
  | '&'
  | '|'
  | '<<'
  | '>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'
  | '->'
  | '->>';
