import { applyAffinity } from '../sqlite/affinity.ts';
import { foldedSql, isInteger, isNoNumber, isNumber, nameOf, unboolean, withoutBuried } from './convert.ts';
import { type ColumnEnv, type Comparison, constant, outcome, realSql, refuse, type Term, truthValue } from './term.ts';
import { comparableConstant } from './typed-constant.ts';

const sqlOf: Readonly<Record<Comparison, string>> = {
  '=': '=',
  '<>': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  is: 'IS NOT DISTINCT FROM',
  'is not': 'IS DISTINCT FROM',
};

/** What may be assumed where the comparison stands. */
export interface Standing {
  /** The comparison belongs to a CHECK, which every row of the source satisfies. */
  readonly check: boolean;
}

/** @throws {Untranslatable} where PostgreSQL would not answer as SQLite does. */
export function compare(op: Comparison, left: Term, right: Term, standing: Standing): Term {
  if (left.type === 'null' || right.type === 'null') return compareNull(op, left, right);
  const [l, r, collation] = comparable(op, left, right, standing);
  return outcome('boolean', `(${ordered(op, l, collation)} ${sqlOf[op]} ${ordered(op, r, collation)})`);
}

function compareNull(op: Comparison, left: Term, right: Term): Term {
  if (op !== 'is' && op !== 'is not') return outcome('boolean', 'NULL::boolean');
  if (left.type === 'null' && right.type === 'null') return truthValue(op === 'is');
  return nullTest(left.type === 'null' ? right : left, op === 'is not');
}

/** IS NULL or IS NOT NULL; never unknown, whatever the term. */
export function nullTest(term: Term, negated: boolean): Term {
  if (term.type === 'null') return truthValue(!negated);
  return outcome('boolean', `(${term.sql} IS ${negated ? 'NOT ' : ''}NULL)`);
}

/** Text is ordered by code points; equality needs no collation, and an index is found without one. */
function ordered(op: Comparison, term: Term, collation: Term['collation']): string {
  const sql = foldedSql(term, collation);
  return term.type === 'text' && /[<>]/.test(op) && op !== '<>' ? `(${sql} COLLATE "C")` : sql;
}

/** `x IN (...)`. To SQLite the list has no affinity, and the collation is that of x. */
export function compareList(left: Term, list: readonly Term[], negated: boolean, standing: Standing): Term {
  if (list.length === 0) return truthValue(negated);
  if (left.type === 'null') return outcome('boolean', 'NULL::boolean');
  const pairs = list.map((item) => {
    const bare: Term = { ...item, affinity: null, collation: null, explicit: false, buried: false };
    return item.type === 'null' ? null : comparable('=', left, bare, standing);
  });
  const sides = pairs.map((pair) => pair && ([foldedSql(pair[0], pair[2]), foldedSql(pair[1], pair[2])] as const));
  const [probe] = sides.find((side) => side !== null) ?? [left.sql];
  const sql = sides.every((side) => side === null || side[0] === probe)
    ? `(${probe} ${negated ? 'NOT ' : ''}IN (${sides.map((side) => side?.[1] ?? 'NULL').join(', ')}))`
    : `(${negated ? 'NOT ' : ''}(${sides.map((side) => (side ? `${side[0]} = ${side[1]}` : 'NULL')).join(' OR ')}))`;
  return outcome('boolean', sql);
}

/** Both sides in types that PostgreSQL compares as SQLite compares the originals, and the collation for texts. */
function comparable(
  op: Comparison,
  left: Term,
  right: Term,
  standing: Standing,
): readonly [Term, Term, Term['collation']] {
  const collation = collationFor(left, right);
  const [l, r] = withAffinity(left, right);
  const pair =
    looseTexts(op, l, r) ??
    booleans(l, r, standing) ??
    numbers(unboolean(l), unboolean(r)) ??
    texts(withoutBuried(l), withoutBuried(r)) ??
    others(op, l, r, collation);
  return [...(pair ?? refuse(`${nameOf(l)} is compared with ${nameOf(r)}`)), collation];
}

/** An explicit collation wins, then the left column's, then the right one's: https://sqlite.org/datatype3.html section 7.1. */
function collationFor(left: Term, right: Term): Term['collation'] {
  if (left.explicit || (left.collation !== null && !right.explicit)) return left.collation;
  return right.collation;
}

/** What the affinity of one side does to a constant on the other; section 4.2 of the same page. */
function withAffinity(left: Term, right: Term): readonly [Term, Term] {
  return [converted(left, right), converted(right, left)];
}

function converted(term: Term, other: Term): Term {
  const { affinity } = other;
  if (!term.constant || !affinity || affinity === 'BLOB') return term;
  if (affinity === 'TEXT' ? isNumericAffinity(term.affinity) : term.constant.kind !== 'text') return term;
  const value = applyAffinity(term.constant, affinity === 'TEXT' ? 'TEXT' : 'NUMERIC');
  return constant(value ?? refuse('a real is compared with text'));
}

function isNumericAffinity(affinity: Term['affinity']): boolean {
  return affinity === 'INTEGER' || affinity === 'REAL' || affinity === 'NUMERIC';
}

type Pair = readonly [Term, Term];

/** Text in whose company SQLite keeps numbers: only whether it is a certain word can be told, and that no number is that word. */
function looseTexts(op: Comparison, l: Term, r: Term): Pair | null {
  const loose = [l, r].find((term) => term.storage === 'loose');
  if (!loose || loose.type === 'boolean') return null;
  const word = loose === l ? r.constant : l.constant;
  const equality = op === '=' || op === '<>' || op === 'is' || op === 'is not';
  const blobs = loose.column?.stored?.includes('blob');
  if (loose.type === 'text' && !blobs && equality && word?.kind === 'text' && isNoNumber(word.value)) return [l, r];
  return refuse(`${nameOf(loose)} may hold several kinds of values`);
}

function booleans(l: Term, r: Term, standing: Standing): Pair | null {
  if (l.type === 'boolean' && r.type === 'boolean' && l.storage !== 'loose' && r.storage !== 'loose') return [l, r];
  if (l.type === 'boolean' && !l.constant) return besideBoolean(l, r, standing);
  if (r.type === 'boolean' && !r.constant) return (besideBoolean(r, l, standing)?.toReversed() ?? null) as Pair | null;
  return null;
}

function besideBoolean(term: Term, other: Term, standing: Standing): Pair | null {
  const value = other.constant;
  if (term.storage === 'loose') {
    // A CHECK that every row satisfies names the very words that are stored.
    const word = value?.kind === 'text' ? /^(?:(t|true)|f|false)$/i.exec(value.value) : null;
    const onlyText = term.column?.stored?.every((storage) => storage === 'text');
    if (word && onlyText && standing.check) return [term, truthValue(word[1] !== undefined)];
    return refuse(`${nameOf(term)} holds truth values as text in SQLite`);
  }
  const bit = value?.kind === 'integer' && (value.value === 0n || value.value === 1n);
  return bit ? [term, truthValue(value.value === 1n)] : null;
}

/**
 * SQLite compares any two numbers exactly. PostgreSQL does so within integers and within numeric; beside a double it
 * rounds first, which changes nothing below 2^53.
 */
function numbers(l: Term, r: Term): Pair | null {
  if (!isNumber(l) || !isNumber(r)) return null;
  if (isInteger(l) && isInteger(r)) {
    return l.bits > 63 && r.bits > 63
      ? refuse('both sides may exceed 64 bits, where SQLite turns to floating point')
      : [l, r];
  }
  const exact = [besideNumeric(l, r), besideNumeric(r, l)] as const;
  if (exact.every((term) => isInteger(term) || term.type === 'numeric')) return smallIntegers(...exact);
  if (exact.every((term) => isInteger(term) || term.type === 'double precision')) return smallIntegers(...exact);
  return refuse(`${nameOf(l)} is compared with ${nameOf(r)}`);
}

/** A real constant beside an integer or a numeric is a decimal: both hold reals in their shortest form, whose order is the same. */
function besideNumeric(term: Term, other: Term): Term {
  if (term.constant?.kind !== 'real' || other.type === 'double precision') return term;
  return outcome('numeric', `${realSql(term.constant.value)}::numeric`, { constant: term.constant });
}

function smallIntegers(l: Term, r: Term): Pair {
  for (const [term, other] of [
    [l, r],
    [r, l],
  ] as const) {
    const decimal =
      other.constant?.kind === 'real' && other.type === 'numeric' && Math.abs(other.constant.value) < 2 ** 53;
    if (isInteger(term) && term.bits > 53 && !decimal) refuse('an integer beyond 2^53 is compared with a real');
  }
  return [l, r];
}

function texts(l: Term, r: Term): Pair | null {
  return l.type === 'text' && r.type === 'text' ? [l, r] : null;
}

/** Types that PostgreSQL knows and SQLite keeps as text, and bytes. */
function others(op: Comparison, l: Term, r: Term, collation: Term['collation']): Pair | null {
  if (r.constant?.kind === 'text') return [l, comparableConstant(op, l, r.constant.value, collation)];
  if (l.constant?.kind === 'text') return [comparableConstant(mirrored[op] ?? op, r, l.constant.value, collation), r];
  if (l.type !== r.type || l.type === 'json' || l.type === 'jsonb') return null;
  if (l.type === 'timestamptz' || l.type === 'timestamp') oneSpelling(l.column, r.column);
  return [l, r];
}

/** Instants in one spelling are ordered alike as texts and as instants. */
function oneSpelling(left: ColumnEnv | null, right: ColumnEnv | null): void {
  if (!left || !right) refuse('instants that are not plain columns are compared');
  const shapes = new Set([left.shape, right.shape].filter((shape) => shape !== undefined && shape !== -1));
  if (shapes.has(-2) || shapes.size > 1 || Boolean(left.zoned) !== Boolean(right.zoned)) {
    refuse('the instants are spelled in several ways, and SQLite compares their texts');
  }
}

const mirrored: Readonly<Partial<Record<Comparison, Comparison>>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
