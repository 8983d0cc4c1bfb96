import type { Case, Column, Expr, Literal, Pattern } from '../sqlite/ast.ts';
import { affinityOf, numberOf, type Stored } from '../sqlite/affinity.ts';
import { lower } from '../sqlite/cursor.ts';
import { type Arithmetic, arithmetic, signed } from './arithmetic.ts';
import { collationOf, columnTerm } from './column.ts';
import { compare, compareList, nullTest, type Standing } from './compare.ts';
import { chosen, integerOf, isInteger, nameOf, textOf, truth, unify } from './convert.ts';
import { call } from './functions.ts';
import { globSql, likeSql } from './pattern.ts';
import { type ColumnEnv, constant, nothing, outcome, refuse, type Term, truthValue } from './term.ts';

/** What an expression may speak of. */
export interface Scope extends Standing {
  /** By the source's name, folded over ASCII or by `toLowerCase`. */
  readonly columns: ReadonlyMap<string, ColumnEnv>;
  /** A generated column may not read another one. */
  readonly generating: boolean;
}

/** SQLite's own bound; it also keeps the stack from ending. */
const depthMax = 1_000;

/** The expression in PostgreSQL's words. @throws {Untranslatable} */
export function evaluate(expr: Expr, scope: Scope, depth = 0): Term {
  if (depth > depthMax) refuse('the expression is nested too deeply');
  let buried = false;
  const term = translated(expr, scope, (part) => {
    const operand = evaluate(part, scope, depth + 1);
    buried ||= operand.explicit || operand.buried;
    return operand;
  });
  return { ...term, buried: buried && !term.explicit };
}

type At = (part: Expr) => Term;

function translated(expr: Expr, scope: Scope, at: At): Term {
  switch (expr.kind) {
    case 'literal':
      return constant(literalValue(expr));
    case 'column':
      return column(expr, scope);
    case 'now':
      return refuse('the current time has no place outside of a default');
    case 'unary':
      return expr.op === 'not' ? negation(at(expr.operand)) : signed(expr.op, at(expr.operand));
    case 'binary':
      return binary(expr, at, scope);
    case 'null test':
      return nullTest(at(expr.operand), expr.negated);
    case 'pattern':
      return pattern(expr, at);
    case 'between':
      return between(expr, at, scope);
    case 'in':
      return compareList(at(expr.operand), expr.list.map(at), expr.negated, scope);
    case 'case':
      return choice(expr, at, scope);
    case 'cast':
      return cast(at(expr.operand), expr.type);
    case 'call':
      return call(expr.name, expr.args.map(at));
    case 'collate':
      return { ...at(expr.operand), collation: collationOf(expr.collation), explicit: true };
    case 'row':
      return refuse('several values in parentheses are compared at once');
    case 'unsupported':
      return refuse(`${expr.what} has no place in a constraint or index of PostgreSQL`);
  }
}

/** A number, text or blob as written. @throws {Untranslatable} for more digits than the two are sure to read alike. */
export function literalValue(literal: Literal): Stored {
  if (literal.type === 'null') return { kind: 'null' };
  if (literal.type === 'text' || literal.type === 'blob') return { kind: literal.type, value: literal.value };
  if (/^0x/i.test(literal.value)) {
    if (literal.value.replace(/^0x0*/i, '').length > 16) refuse('a hexadecimal number exceeds 64 bits');
    return { kind: 'integer', value: BigInt.asIntN(64, BigInt(literal.value)) };
  }
  const value = numberOf(literal.value) ?? refuse('a number cannot be read');
  const digits = literal.value.replace(/[eE].*|\./g, '').replace(/^0+/, '').length;
  if (value.kind === 'real' && digits > 19) refuse('a real has more digits than a double');
  return value;
}

function column(node: Column, scope: Scope): Term {
  const found = scope.columns.get(lower(node.name)) ?? scope.columns.get(node.name.toLowerCase());
  if (found) {
    if (scope.generating && found.generated) refuse('it reads another generated column');
    return columnTerm(found);
  }
  if (node.table === null && node.quote === null && /^(true|false)$/i.test(node.name))
    return truthValue(/^t/i.test(node.name));
  // Only "abc" falls back to a string; `abc` and [abc] never do.
  if (node.table === null && node.quote === '"') return constant({ kind: 'text', value: node.name });
  return refuse('it names a column that is not there');
}

function negation(term: Term): Term {
  if (term.type === 'boolean' && term.constant?.kind === 'integer') return truthValue(term.constant.value === 0n);
  return outcome('boolean', `(NOT ${truth(term)})`);
}

function binary(expr: Expr & { kind: 'binary' }, at: At, scope: Scope): Term {
  const { op } = expr;
  if (op === '->' || op === '->>') refuse('what is taken out of JSON changes its type from row to row');
  if (op === 'is' || op === 'is not') {
    const test = truthTest(expr, at, scope);
    if (test) return test;
  }
  const left = at(expr.left);
  const right = at(expr.right);
  switch (op) {
    case 'and':
    case 'or':
      return outcome('boolean', `(${truth(left)} ${op.toUpperCase()} ${truth(right)})`);
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'is':
    case 'is not':
      return compare(op, left, right, scope);
    default:
      return arithmetic(op satisfies Arithmetic, left, right);
  }
}

/** `x IS TRUE` asks for the truth of x, where `x = TRUE` compares it with 1. */
function truthTest(expr: Expr & { kind: 'binary' }, at: At, scope: Scope): Term | null {
  let { right } = expr;
  // SQLite looks through COLLATE here.
  while (right.kind === 'collate') right = right.operand;
  if (right.kind !== 'column' || right.quote !== null || right.table !== null || !/^(true|false)$/i.test(right.name))
    return null;
  if (scope.columns.has(right.name.toLowerCase())) return null;
  return outcome('boolean', `(${truth(at(expr.left))} ${expr.op.toUpperCase()} ${right.name.toUpperCase()})`);
}

function between(expr: Expr & { kind: 'between' }, at: At, scope: Scope): Term {
  const operand = at(expr.operand);
  const low = compare('>=', operand, at(expr.low), scope).sql;
  const high = compare('<=', operand, at(expr.high), scope).sql;
  return outcome('boolean', expr.negated ? `(NOT (${low} AND ${high}))` : `(${low} AND ${high})`);
}

function pattern(expr: Pattern, at: At): Term {
  if (expr.op === 'regexp' || expr.op === 'match')
    refuse(`${expr.op.toUpperCase()} is what the application makes of it`);
  const operand = at(expr.operand);
  const right = at(expr.pattern);
  const escape = expr.escape && at(expr.escape);
  if ([operand, right, escape].some((term) => term?.type === 'null')) return outcome('boolean', 'NULL::boolean');
  if (right.constant?.kind !== 'text') refuse('a pattern is not a constant text');
  if (escape && (escape.constant?.kind !== 'text' || [...escape.constant.value].length !== 1))
    refuse('ESCAPE is not one character');
  const character = escape?.constant?.kind === 'text' ? escape.constant.value : null;
  const found = expr.op === 'like' ? likeSql(right.constant.value, character) : globSql(right.constant.value);
  if (!found || (expr.op === 'glob' && escape)) refuse('a pattern that matches nothing, or is not closed');
  const text = `${textOf({ ...operand, explicit: false }).sql} COLLATE "C"`;
  const probe = found.lowered ? `pg_catalog.lower(${text})` : text;
  return outcome('boolean', expr.negated ? `(NOT (${probe} ${found.sql}))` : `(${probe} ${found.sql})`);
}

function choice(expr: Case, at: At, scope: Scope): Term {
  const base = expr.base && at(expr.base);
  const conditions = expr.branches.map(({ when }) =>
    base ? compare('=', base, at(when), scope).sql : truth(at(when)),
  );
  const results = expr.branches.map(({ result }) => at(result));
  const { terms, model } = unify([...results, expr.otherwise ? at(expr.otherwise) : nothing]);
  const branches = conditions.map((condition, i) => `WHEN ${condition} THEN ${terms[i]?.sql}`);
  return chosen(model, `(CASE ${branches.join(' ')} ELSE ${terms.at(-1)?.sql} END)`);
}

/** Casts that change nothing but the affinity, and those of integers. Reading numbers out of text is left alone. */
function cast(term: Term, type: string): Term {
  const affinity = affinityOf(type);
  const { collation } = term;
  if (term.type === 'null') return nothing;
  if (affinity === 'TEXT') return { ...textOf(term), affinity, collation, constant: null, column: null };
  if (affinity === 'INTEGER' || affinity === 'NUMERIC')
    return { ...integerOf(term), affinity, collation, constant: null, column: null };
  const real =
    affinity === 'REAL' &&
    (term.type === 'double precision' || isInteger(term)) &&
    term.storage !== 'loose' &&
    term.bits <= 63;
  if (!real) refuse(`${nameOf(term)} is cast to ${type}`);
  return outcome('double precision', `(${term.sql}::double precision)`, { affinity, collation });
}
