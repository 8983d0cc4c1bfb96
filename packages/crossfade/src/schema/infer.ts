import { count, type ColumnEvidence, type Fact, facts, witness } from './evidence.ts';
import type { PgType, SourceColumn } from './model.ts';
import { displayKey } from '../core/key-text.ts';
import type { RowKey } from '../core/cell.ts';

/**
 * Which PostgreSQL type a column gets. One table (`candidates`), read from the narrowest type down: the first whose
 * declaration or values ask for it and which holds every value exactly wins. What the first refused candidate fell
 * short by becomes the reason in the report.
 */

export interface InferenceOptions {
  /** plain: no type is made out of text. */
  readonly types: 'rich' | 'plain';
  /** Part of a key or a unique index: two texts may not become one value. */
  readonly keyed: boolean;
}

export interface Inferred {
  readonly type: PgType;
  readonly why: string;
}

/** What the table below may look at. */
interface Context {
  readonly evidence: ColumnEvidence;
  readonly column: SourceColumn;
  readonly declared: string;
  readonly values: number;
  readonly keyed: boolean;
  readonly rich: boolean;
}

interface Candidate {
  readonly type: PgType;
  /** Whether the declaration or the values point at this type at all. */
  readonly asked: (c: Context) => boolean;
}

/** The first reason why a type cannot hold a column, with the number of values it concerns. */
interface Misfit {
  readonly count: number;
  readonly what: string;
  readonly row: RowKey | null;
}

const isDateLike = (c: Context) => /date|time(?!r)/i.test(c.declared);
const isDecimal = (c: Context) => /numeric|decimal|number|money/i.test(c.declared);
const isReal = (c: Context) => /real|floa|doub/i.test(c.declared);
const isInteger = (c: Context) => /int/i.test(c.declared);
const isJson = (c: Context) => /json/i.test(c.declared);
const isBoolean = (c: Context) => /bool/i.test(c.declared) || /^\(*\s*(true|false)\s*\)*$/i.test(c.column.default ?? '');
const atLeastHalf = (c: Context, ...names: Fact[]) => c.values > 0 && sum(c.evidence, names) * 2 >= c.values;
const onlyNumbers = (c: Context) => sum(c.evidence, ['integer', 'real']) === c.values;

const instants: readonly Fact[] = ['textDate', 'textNaive', 'textOffset'];
const json: readonly Fact[] = ['textJsonb', 'textJson', 'blobJsonb', 'blobJson'];

const candidates: readonly Candidate[] = [
  { type: 'boolean', asked: (c) => isBoolean(c) },
  { type: 'date', asked: (c) => c.rich && (atLeastHalf(c, 'textDate') || (c.values === 0 && /^date$/i.test(c.declared))) },
  {
    type: 'timestamptz',
    asked: (c) => c.rich && (isDateLike(c) ? c.values > 0 || !/^time$/i.test(c.declared) : atLeastHalf(c, 'textNaive', 'textOffset')),
  },
  { type: 'uuid', asked: (c) => c.rich && (atLeastHalf(c, 'textUuid') || (c.values === 0 && /^uuid$/i.test(c.declared))) },
  { type: 'jsonb', asked: (c) => c.rich && (isJson(c) || atLeastHalf(c, ...json)) },
  { type: 'json', asked: (c) => c.rich && c.values > 0 && (isJson(c) || atLeastHalf(c, ...json)) },
  { type: 'numeric', asked: (c) => isDecimal(c) && (c.values === 0 || onlyNumbers(c)) },
  { type: 'double precision', asked: (c) => isReal(c) && !isDecimal(c) && (c.values === 0 || onlyNumbers(c)) },
  { type: 'integer', asked: (c) => (c.values > 0 ? atLeastHalf(c, 'integer') : isInteger(c) && !/big|int8/i.test(c.declared)) },
  { type: 'bigint', asked: (c) => (c.values > 0 ? atLeastHalf(c, 'integer') : isInteger(c)) },
  { type: 'double precision', asked: (c) => c.values > 0 && onlyNumbers(c) },
  { type: 'numeric', asked: (c) => c.values > 0 && onlyNumbers(c) },
  { type: 'bytea', asked: (c) => (c.values > 0 ? count(c.evidence, 'blob') > 0 : /blob|bytea|binary/i.test(c.declared)) },
  { type: 'text', asked: () => true },
];

/** Chooses the type of one column. Text is the last resort: what even text cannot hold is counted by {@link badFacts}. */
export function infer(column: SourceColumn, evidence: ColumnEvidence, options: InferenceOptions): Inferred {
  const context: Context = {
    evidence,
    column,
    declared: column.declared,
    values: countValues(evidence),
    keyed: options.keyed,
    rich: options.types === 'rich',
  };
  const refused: string[] = [];
  for (const { type, asked } of candidates) {
    if (!asked(context)) continue;
    const misfit = misfitOf(type, evidence, { keyed: options.keyed, dated: isDateLike(context), jsonDeclared: isJson(context) });
    if (misfit === null || type === 'text') return { type, why: reason(context, type, refused) };
    refused.push(`not ${type}: ${describe(misfit, context.values)}`);
  }
  throw new Error('unreachable: text is always asked for');
}

/** Whether a type holds every value of a column exactly; for foreign keys, whose two sides need one type. */
export function holds(type: PgType, column: SourceColumn, evidence: ColumnEvidence, keyed: boolean): boolean {
  return misfitOf(type, evidence, { keyed, dated: /date|time(?!r)/i.test(column.declared), jsonDeclared: /json/i.test(column.declared) }) === null;
}

/** A kind of value that a column's type cannot hold, with where it was first seen. */
export interface Unheld {
  readonly code: 'E_TEXT_NUL' | 'E_TEXT_ENCODING' | 'E_BLOB_IN_TEXT' | 'E_VALUE_TOO_LARGE' | 'E_TYPE_UNFIT';
  readonly count: number;
  readonly row: RowKey | null;
}

/** What keeps the chosen type from holding every value: empty for all columns of a move that can finish with exit 0. */
export function unheld(type: PgType, ordered: boolean, evidence: ColumnEvidence): Unheld[] {
  const found: (readonly [Unheld['code'], Fact])[] = [['E_VALUE_TOO_LARGE', 'tooLarge']];
  if (ordered && type !== 'text') found.push(['E_TYPE_UNFIT', 'unfit']);
  if (type === 'text') found.push(['E_TEXT_NUL', 'textNul'], ['E_TEXT_ENCODING', 'textEncoding'], ['E_BLOB_IN_TEXT', 'blobBinary']);
  return found.filter(([, fact]) => count(evidence, fact) > 0).map(([code, fact]) => ({ code, count: count(evidence, fact), row: witness(evidence, fact) }));
}

interface Circumstances {
  readonly keyed: boolean;
  readonly dated: boolean;
  readonly jsonDeclared: boolean;
}

/** Null when every value fits. */
function misfitOf(type: PgType, evidence: ColumnEvidence, given: Circumstances): Misfit | null {
  for (const [fits, what, excluded] of demands(type, evidence, given)) {
    const misfits = countValues(evidence) - sum(evidence, fits);
    if (misfits > 0) return { count: misfits, what: what(evidence), row: firstOutside(evidence, fits)?.row ?? null };
    for (const [fact, name] of excluded) if (count(evidence, fact) > 0) return { count: count(evidence, fact), what: name, row: witness(evidence, fact) };
  }
  if (given.keyed && mergesTexts(type, evidence)) return { count: sum(evidence, [...instants, ...json]), what: 'spellings of equal values differ, and the column is part of a key or unique index', row: null };
  return null;
}

type Demand = readonly [fits: readonly Fact[], what: (e: ColumnEvidence) => string, excluded: readonly (readonly [Fact, string])[]];

/** Per type: the disjoint facts whose sum must be all values, and the facts of which not one may be. */
function demands(type: PgType, evidence: ColumnEvidence, given: Circumstances): readonly Demand[] {
  switch (type) {
    case 'boolean':
      return [[['integerBit', 'textBoolean'], otherClasses, []]];
    case 'date':
      return [[['textDate'], otherClasses, []]];
    case 'timestamp':
      return [[['textNaive', 'textDate'], otherClasses, []]];
    case 'timestamptz':
      return [[given.dated ? [...instants, 'integerEpoch'] : ['textNaive', 'textOffset'], otherClasses, []]];
    case 'uuid':
      return [[['textUuid'], otherClasses, []]];
    case 'jsonb':
      return [[['textJsonb', 'blobJsonb', ...(given.jsonDeclared ? (['textJsonScalar'] as const) : [])], () => jsonWhat(evidence), []]];
    case 'json':
      return [[[...json, ...(given.jsonDeclared ? (['textJsonScalar'] as const) : [])], otherClasses, []]];
    case 'integer':
      return [[['integer'], otherClasses, [['integerWide', 'beyond 32 bits']]]];
    case 'bigint':
      return [[['integer'], otherClasses, []]];
    case 'double precision':
      return [[['integer', 'real'], otherClasses, [['integerUnsafe', 'integers that a double rounds']]]];
    case 'numeric':
      return [[['integer', 'real'], otherClasses, [['realNegativeZero', 'negative zeros']]]];
    case 'bytea':
      return [[['blob'], otherClasses, []]];
    case 'text':
      return [[['integer', 'real', 'text', 'blobText'], () => 'binary, not UTF-8 text', [['textNul', 'text with NUL'], ['textEncoding', 'text that is not UTF-8']]]];
  }
}

/** Texts that differ can name one instant or one JSON value; under a unique index they would collide. */
function mergesTexts(type: PgType, evidence: ColumnEvidence): boolean {
  if (type === 'date' || type === 'timestamp' || type === 'timestamptz') return evidence.shape === -2 || (evidence.shape !== -1 && count(evidence, 'integer') > 0);
  if (type === 'boolean') return count(evidence, 'text') > 0;
  return (type === 'jsonb' || type === 'json') && sum(evidence, json) > 0;
}

function reason(c: Context, type: PgType, refused: readonly string[]): string {
  const parts = [c.values === 0 ? `no values; declared ${c.declared === '' ? 'without a type' : c.declared}` : summary(c, type), ...refused.slice(0, 1)];
  return parts.join('; ');
}

function summary(c: Context, type: PgType): string {
  const { evidence } = c;
  const classes = (['integer', 'real', 'text', 'blob'] as const).filter((fact) => count(evidence, fact) > 0);
  const range = type === 'integer' ? ', within 32 bits' : '';
  const hint = type === 'bigint' ? '; node-postgres returns bigint as a string' : '';
  if (classes.length === 1) return `all ${grouped(c.values)} values are ${classes[0]}${range}${hint}`;
  return `${classes.map((fact) => `${grouped(count(evidence, fact))} ${fact}`).join(', ')} of ${grouped(c.values)} values${range}${hint}`;
}

function describe(misfit: Misfit, values: number): string {
  const row = misfit.row === null ? '' : `${displayKey(misfit.row)}, `;
  return `${grouped(misfit.count)} of ${grouped(values)} values: ${row}${misfit.what}`;
}

function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

function jsonWhat(evidence: ColumnEvidence): string {
  return sum(evidence, ['textJson', 'blobJson']) > 0
    ? 'JSON that jsonb would change (duplicate keys, \\u0000, lone surrogates, -0 or numbers beyond a double)'
    : otherClasses(evidence);
}

function otherClasses(evidence: ColumnEvidence): string {
  const present = (['text', 'integer', 'real', 'blob'] as const).filter((fact) => count(evidence, fact) > 0);
  return present.length === 1 ? `other ${present[0]}` : present.join(' and ');
}

/** Facts that partition the values of a column, for naming a row that does not fit. */
const leaves: readonly Fact[] = [
  'textOther', 'textEmpty', 'textNul', 'textEncoding', 'textBoolean', 'textUuid', 'textDate', 'textNaive', 'textOffset',
  'textJsonb', 'textJson', 'textJsonScalar', 'real', 'integer', 'blobBinary', 'blobText',
];

function firstOutside(evidence: ColumnEvidence, fits: readonly Fact[]): { row: RowKey; fact: Fact } | null {
  for (const fact of leaves) {
    const row = fits.some((fit) => fit === fact || fact.startsWith(fit) || fit.startsWith(fact)) ? null : witness(evidence, fact);
    if (row !== null) return { row, fact };
  }
  return null;
}

function sum(evidence: ColumnEvidence, names: readonly Fact[]): number {
  return names.reduce((total, name) => total + count(evidence, name), 0);
}

function countValues(evidence: ColumnEvidence): number {
  return sum(evidence, facts.slice(1, 5));
}
