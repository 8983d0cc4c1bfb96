import { numberOf, type Stored } from '../sqlite/affinity.ts';
import type { Expr } from '../sqlite/ast.ts';
import { literalValue } from './evaluate.ts';

/** The value of an expression that has no other than constants in it, or null when it is not one of those computed here. */
export function constantOf(expr: Expr): Stored | null {
  switch (expr.kind) {
    case 'literal':
      return literalValue(expr);
    case 'column':
      return word(expr);
    case 'unary':
      return signed(expr);
    case 'binary':
      return combined(expr);
    case 'call':
      return emptyJson(expr);
    default:
      return null;
  }
}

/** A default sees no columns: a name is a string, quoted or not, but for the bare words TRUE and FALSE. */
function word(expr: Expr & { kind: 'column' }): Stored | null {
  if (expr.table !== null) return null;
  const truth = expr.quote === null && /^(?:(true)|false)$/i.exec(expr.name);
  return truth ? { kind: 'integer', value: truth[1] ? 1n : 0n } : { kind: 'text', value: expr.name };
}

function signed(expr: Expr & { kind: 'unary' }): Stored | null {
  const operand = constantOf(expr.operand);
  if (!operand || expr.op === '+') return operand;
  const value = operand.kind === 'text' ? numberOf(operand.value) : operand;
  if (expr.op !== '-' || !value) return null;
  if (value.kind === 'integer') return within64(-value.value);
  if (value.kind !== 'real') return null;
  // 9223372036854775808 alone is a real, but with its minus it is the smallest integer.
  const smallest = expr.operand.kind === 'literal' && expr.operand.value === '9223372036854775808';
  return smallest ? { kind: 'integer', value: -(1n << 63n) } : { kind: 'real', value: -value.value };
}

function combined(expr: Expr & { kind: 'binary' }): Stored | null {
  const left = constantOf(expr.left);
  const right = left && constantOf(expr.right);
  if (!right) return null;
  if (expr.op === '||' && left.kind === 'text' && right.kind === 'text')
    return { kind: 'text', value: left.value + right.value };
  if (left.kind !== 'integer' || right.kind !== 'integer') return null;
  if (expr.op === '+') return within64(left.value + right.value);
  if (expr.op === '-') return within64(left.value - right.value);
  return expr.op === '*' ? within64(left.value * right.value) : null;
}

function within64(value: bigint): Stored | null {
  return BigInt.asIntN(64, value) === value ? { kind: 'integer', value } : null;
}

/** `json_array()`, `json_object()`, and `json('...')` of a text without blanks, which it would remove. */
function emptyJson(expr: Expr & { kind: 'call' }): Stored | null {
  const [argument] = expr.args;
  if (!argument && expr.name === 'json_array') return { kind: 'text', value: '[]' };
  if (!argument && expr.name === 'json_object') return { kind: 'text', value: '{}' };
  const literal = expr.args.length === 1 && argument?.kind === 'literal' && argument.type === 'text';
  return expr.name === 'json' && literal && /^(\[\]|\{\})$/.test(argument.value)
    ? { kind: 'text', value: argument.value }
    : null;
}
