import type { BinaryOp } from '../sqlite/ast.ts';
import { integerOf, isInteger, nameOf, textOf, unboolean, withoutCollation } from './convert.ts';
import { constant, integer, nothing, outcome, refuse, type Term } from './term.ts';

/** The operators that give a value, not a condition. */
export type Arithmetic = Extract<BinaryOp, '+' | '-' | '*' | '/' | '%' | '&' | '|' | '<<' | '>>' | '||'>;

/** @throws {Untranslatable} where overflow, rounding or printing would differ. */
export function arithmetic(op: Arithmetic, left: Term, right: Term): Term {
  withoutCollation(left);
  withoutCollation(right);
  if (left.type === 'null' || right.type === 'null') return nothing;
  if (op === '||') return outcome('text', `(${textOf(left).sql} || ${textOf(right).sql})`);
  const l = unboolean(left);
  const r = unboolean(right);
  if (isBitwise(op)) return bitwise(op, integerOf(l), integerOf(r));
  if (isInteger(l) && isInteger(r)) return integers(op, integerOf(l), integerOf(r));
  if (op === '%') refuse('the remainder of reals is taken of integers in SQLite');
  return reals(op, double(l), op === '/' ? divisor(r, double(r)) : double(r));
}

/**
 * The same IEEE 754 in both, but at its edges: what is NaN in PostgreSQL is NULL in SQLite, and where SQLite goes to an
 * infinity or to zero, PostgreSQL refuses the row, which is a difference that cannot pass unseen.
 */
function reals(op: '+' | '-' | '*' | '/', l: string, r: string): Term {
  return outcome('double precision', `NULLIF(${l} ${op} ${r}, 'NaN')`);
}

/** A sum or product needs more room than its operands; when 64 bits may not do, numeric holds it. */
const room: Readonly<Record<'+' | '-' | '*', (l: number, r: number) => number>> = {
  '+': (l, r) => Math.max(l, r) + 1,
  '-': (l, r) => Math.max(l, r) + 1,
  '*': (l, r) => l + r,
};

function integers(op: '+' | '-' | '*' | '/' | '%', l: Term, r: Term): Term {
  if (op === '/' || op === '%') return quotient(op, l, r);
  const bits = room[op](l.bits, r.bits);
  if (bits <= 30) return integer(`(${l.sql} ${op} ${r.sql})`, bits);
  if (bits <= 62) return integer(`(${l.sql}::bigint ${op} ${r.sql})`, bits);
  return outcome('numeric', `(${l.sql}::numeric ${op} ${r.sql})`, { bits: Math.max(bits, 64), storage: 'mixed' });
}

/** Both truncate toward zero, and the remainder has the sign of the dividend. Division by zero is NULL in SQLite and an error here. */
function quotient(op: '/' | '%', l: Term, r: Term): Term {
  const value = r.constant?.kind === 'integer' ? r.constant.value : null;
  if (value === 0n) return nothing;
  if (op === '/' && l.bits > 62 && (value === null || value === -1n)) refuse('the quotient may exceed 64 bits');
  const bits = op === '/' ? l.bits : Math.min(l.bits, r.bits);
  // The smallest integer of 32 bits has no positive counterpart in 32 bits.
  return integer(`(${l.sql}${bits > 30 ? '::bigint' : ''} ${op} ${divisor(r, r.sql)})`, bits);
}

function divisor(term: Term, sql: string): string {
  const { constant: value } = term;
  const known = (value?.kind === 'integer' && value.value !== 0n) || (value?.kind === 'real' && value.value !== 0);
  return known ? sql : `NULLIF(${sql}, 0)`;
}

function double(term: Term): string {
  const known = isInteger(term) && term.bits <= 53;
  if (known) return `${term.sql}::double precision`;
  if (term.type !== 'double precision' || term.storage !== 'exact') refuse(`${nameOf(term)} is reckoned with reals`);
  return term.sql;
}

function isBitwise(op: Arithmetic): op is '&' | '|' | '<<' | '>>' {
  return op === '&' || op === '|' || op === '<<' || op === '>>';
}

function bitwise(op: '&' | '|' | '<<' | '>>', l: Term, r: Term): Term {
  if (op === '<<' || op === '>>') {
    const count = r.constant?.kind === 'integer' ? r.constant.value : -1n;
    if (count < 0n || count > 63n) refuse('a shift by anything but a constant from 0 to 63 differs');
    return integer(`(${l.sql}::bigint ${op} ${count})`, 63);
  }
  return integer(`(${l.sql}::bigint ${op} ${r.sql}::bigint)`, Math.min(Math.max(l.bits, r.bits) + 1, 63));
}

/** The signs and the complement. A plus changes nothing but that the operand loses its affinity. */
export function signed(op: '-' | '+' | '~', term: Term): Term {
  if (op === '+') return { ...term, affinity: null };
  withoutCollation(term);
  if (term.type === 'null') return nothing;
  const operand = unboolean(term);
  if (op === '~') {
    const value = integerOf(operand);
    return integer(`(~ ${value.sql}::bigint)`, Math.min(value.bits + 1, 63));
  }
  const { constant: value } = operand;
  // 9223372036854775808 alone is a real, but with its minus it is the smallest integer.
  if (value?.kind === 'real' && value.value === 2 ** 63) return constant({ kind: 'integer', value: -(1n << 63n) });
  if (value?.kind === 'integer') return constant(negated(value.value));
  if (value?.kind === 'real') return constant({ kind: 'real', value: -value.value });
  if (isInteger(operand)) return integers('-', constant({ kind: 'integer', value: 0n }), integerOf(operand));
  if (operand.type !== 'double precision') refuse(`the sign of ${nameOf(operand)} is changed`);
  return outcome('double precision', `(- ${operand.sql})`, { storage: operand.storage });
}

function negated(value: bigint): { kind: 'integer'; value: bigint } | { kind: 'real'; value: number } {
  return value === -(1n << 63n) ? { kind: 'real', value: 2 ** 63 } : { kind: 'integer', value: -value };
}
